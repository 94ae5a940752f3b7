import type { BroadcastOperator, DefaultEventsMap, Server } from 'socket.io';

/** Whom something is for; everybody in `/` unless it says more. */
export interface Target {
  namespace?: string;
  to?: string | string[];
  except?: string;
  local?: true;
  volatile?: true;
  /** Ms. */
  timeout?: number;
  /** Id of the socket that it comes from, which does not get it. */
  from?: string;
}

/** What became of a question to many: what they answered, and what was wrong. */
export interface Answers {
  values: unknown[];
  error?: string;
}

/** What a server does when it hears `hello` from another one. */
export type Reaction =
  'note it' | 'say nothing' | 'close the namespace' | { answer: unknown };

/** What is remembered of a server between commands. */
interface Notes {
  calls: unknown[][];
  /** Namespaces in which it reacts to something. */
  reacting: Set<string>;
  /** The namespaces that `openAll` has opened. */
  all?: { emit(event: string): unknown };
}

type Operator = BroadcastOperator<DefaultEventsMap, unknown>;

/** What scenarios have a server do. Arguments and values can go from process to process. */
export const COMMANDS = {
  emit(server: Server, target: Target, event: string, ...args: unknown[]) {
    reach(server, target).emit(event, ...args);
  },

  emitWithAck(server: Server, target: Target, event: string): Promise<Answers> {
    return new Promise((resolve) => {
      reach(server, target).emit(event, (error: Error | null, values: []) =>
        resolve(answersOf(error, values)),
      );
    });
  },

  /** Of a socket that is connected to this server. */
  askHere(server: Server, id: string, event: string): Promise<unknown> {
    return socketOf(server, id).emitWithAck(event);
  },

  /** Of a socket that is somewhere. */
  async askAnywhere(
    server: Server,
    id: string,
    event: string,
  ): Promise<unknown> {
    const [socket] = await server.in(id).fetchSockets();
    return socket!.timeout(5_000).emitWithAck(event);
  },

  async join(server: Server, id: string, rooms: string | string[]) {
    await socketOf(server, id).join(rooms);
  },

  /** The rooms of a socket beside its own. */
  roomsOf(server: Server, id: string): string[] {
    return [...socketOf(server, id).rooms].filter((room) => room !== id);
  },

  setData(server: Server, id: string, data: unknown) {
    socketOf(server, id).data = data;
  },

  handshakeOf(server: Server, id: string): object {
    return socketOf(server, id).handshake;
  },

  socketsJoin(server: Server, target: Target, room: string) {
    reach(server, target).socketsJoin(room);
  },

  socketsLeave(server: Server, target: Target, room: string) {
    reach(server, target).socketsLeave(room);
  },

  disconnectSockets(server: Server, target: Target, close?: boolean) {
    reach(server, target).disconnectSockets(close);
  },

  async fetchSockets(server: Server, target: Target) {
    const sockets = await reach(server, target).fetchSockets();
    return sockets.map(({ id, handshake, rooms, data }) => {
      return { id, handshake: handshake as object, rooms, data };
    });
  },

  serverSideEmit(server: Server, ...args: unknown[]) {
    server.serverSideEmit('hello', ...args);
  },

  serverSideEmitWithAck(server: Server, namespace = '/'): Promise<Answers> {
    return new Promise((resolve) => {
      server
        .of(namespace)
        .serverSideEmit('hello', (error: Error | null, values: unknown[]) =>
          resolve(answersOf(error, values)),
        );
    });
  },

  /** From now on the server reacts to `hello` of others like this. */
  onHello(server: Server, reaction: Reaction, namespace = '/') {
    const of = server.of(namespace);
    const react = (...args: unknown[]) => {
      const ack = args.at(-1);
      if (reaction === 'note it') {
        notesOf(server).calls.push(args);
      } else if (reaction === 'close the namespace') {
        void of.adapter.close();
      } else if (reaction !== 'say nothing' && typeof ack === 'function') {
        (ack as (value: unknown) => void)(reaction.answer);
      }
    };
    of.on('hello' as never, react as never);
    notesOf(server).reacting.add(namespace);
  },

  /** What the server has noted. */
  noted(server: Server): unknown[][] {
    return notesOf(server).calls;
  },

  /** Reacts to nothing, and has noted nothing. */
  forget(server: Server) {
    for (const namespace of notesOf(server).reacting) {
      server.of(namespace).removeAllListeners('hello');
    }
    notes.delete(server);
  },

  open(server: Server, namespace: string) {
    server.of(namespace);
  },

  /** Opens namespaces whose names are like that. */
  openAll(server: Server, names: RegExp) {
    notesOf(server).all = server.of(names);
  },

  /** To everybody in these. */
  emitToAll(server: Server, event: string) {
    notesOf(server).all!.emit(event);
  },

  serverCount(server: Server): Promise<number> {
    return server.of('/').adapter.serverCount();
  },

  /** Clients of this server in `/`. */
  clientCount(server: Server): number {
    return server.of('/').sockets.size;
  },
};

export type CommandName = keyof typeof COMMANDS;

type Remote<Command> = Command extends (
  server: Server,
  ...args: infer Args
) => infer Result
  ? (...args: Args) => Promise<Awaited<Result>>
  : never;

/** A server that is told what to do, wherever it is. */
export type SocketServer = {
  [Name in CommandName]: Remote<(typeof COMMANDS)[Name]>;
} & {
  /** Where clients connect to it. */
  port: number;
};

/** Does it here. */
export async function carryOut(
  server: Server,
  name: CommandName,
  args: unknown[],
): Promise<unknown> {
  const command = COMMANDS[name] as (...all: unknown[]) => unknown;
  return command(server, ...args);
}

/** @param call brings a command to the server */
export function socketServer(
  port: number,
  call: (name: CommandName, args: unknown[]) => Promise<unknown>,
): SocketServer {
  const commands = (Object.keys(COMMANDS) as CommandName[]).map((name) => [
    name,
    (...args: unknown[]) => call(name, args),
  ]);
  return { port, ...Object.fromEntries(commands) } as SocketServer;
}

const notes = new WeakMap<Server, Notes>();

function notesOf(server: Server): Notes {
  let known = notes.get(server);
  if (!known) {
    notes.set(server, (known = { calls: [], reacting: new Set() }));
  }
  return known;
}

function socketOf(server: Server, id: string) {
  return server.of('/').sockets.get(id)!;
}

function reach(server: Server, target: Target): Operator {
  const { namespace = '/', from, to = [], except = [], timeout } = target;
  const of = server.of(namespace);
  let operator = (
    from === undefined ? of.to(to) : socketOf(server, from).broadcast.to(to)
  ) as Operator;
  operator = operator.except(except);
  operator = target.local ? operator.local : operator;
  operator = target.volatile ? operator.volatile : operator;
  return timeout === undefined
    ? operator
    : (operator.timeout(timeout) as never);
}

function answersOf(error: Error | null, values: unknown[]): Answers {
  return { values, ...(error && { error: error.message }) };
}
