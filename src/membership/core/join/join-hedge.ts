import type { PeerAddress } from '../../../wire/bodies.js';
import { sleep, type CoreContext } from '../context.js';
import { JOIN_BROADCAST_WAIT } from '../options/membership.options.js';
import type { StatusCaller, StatusReply } from '../status/index.js';

/** Part of a join's time after which it is sent again, or to another peer. */
const HEDGE = 1 / 6;

/** Ms before which it is not: the answer may still wait for the others to be notified. */
const MIN_HEDGE = 2 * JOIN_BROADCAST_WAIT;

/** Answers to questions for which a join is awaited then: it takes its receiver as many turns. */
const TURNS = 4;

/** How often a peer that does not answer a join is asked something, within the time for one answer. */
const QUESTIONS = 3;

/**
 * What came of a join, or that it may be lost. It may just as well wait in a busy peer, which a second
 * one would only make busier: so that peer is asked for `/status`, and has the longer the longer that takes.
 * @param patience how many times the usual the join may take
 * @returns `overdue`: a peer of ours answers questions there, and not the join; `unknown`: none does
 */
export async function hedge(
  ctx: CoreContext,
  caller: StatusCaller,
  join: Promise<boolean>,
  address: PeerAddress,
  patience = 1,
): Promise<boolean | 'overdue' | 'unknown'> {
  const part = ctx.options.joinTimeout * patience * HEDGE;
  const quick = sleep(ctx, Math.max(part, MIN_HEDGE));
  const early = await Promise.race([join, quick]);
  if (early !== undefined) {
    return early;
  }
  let isOver = false;
  void join.then(() => (isOver = true));
  const question = answerTime(ctx, caller, address, () => isOver);
  const answered = await Promise.race([join, question]);
  if (typeof answered === 'boolean') {
    return answered;
  }
  if (answered.ms === undefined) {
    return 'unknown';
  }
  const turns = sleep(ctx, answered.ms * TURNS);
  return (await Promise.race([join, turns])) ?? 'overdue';
}

/**
 * Ms that a peer with features takes to answer there; undefined if none does. Where no answer comes, it
 * is asked again: the question may be lost, or late, and each answer counts.
 * @param isOver true when nobody wants to know any more
 */
async function answerTime(
  ctx: CoreContext,
  caller: StatusCaller,
  address: PeerAddress,
  isOver: () => boolean,
): Promise<{ ms: number | undefined }> {
  const { requestTimeout } = ctx.options;
  let isAnswered = false;
  const ask = async (index: number): Promise<StatusReply | undefined> => {
    const pause = (requestTimeout * index) / QUESTIONS;
    if (index > 0) {
      await sleep(ctx, pause);
    }
    if (isAnswered || isOver()) {
      return undefined;
    }
    const timeout = requestTimeout - pause;
    const reply = await caller.askAddress(address, timeout);
    isAnswered ||= reply.kind !== 'silent';
    return reply;
  };
  const questions = Array.from({ length: QUESTIONS }, (_, n) => ask(n));
  const isAnswer = (reply: StatusReply | undefined) =>
    reply !== undefined && reply.kind !== 'silent';
  const reply = await firstOf(questions, isAnswer);
  const isOurs = reply?.kind === 'online' && reply.status.features;
  return { ms: isOurs ? reply.ms : undefined };
}

/** True as soon as one of them is, false when none was. */
export async function anyTrue(
  promises: readonly Promise<boolean>[],
): Promise<boolean> {
  return (await firstOf(promises, Boolean)) ?? false;
}

/** The first value that fits, as soon as it is there; undefined when none does. */
export function firstOf<T>(
  promises: readonly Promise<T>[],
  fits: (value: T) => boolean,
): Promise<T | undefined> {
  return new Promise((resolve) => {
    for (const promise of promises) {
      void promise.then((value) => fits(value) && resolve(value));
    }
    void Promise.all(promises).then((values) => resolve(values.find(fits)));
  });
}
