import type { IncomingMessage, ServerResponse } from 'node:http';
import { All, Controller, Req, Res } from '@nestjs/common';
import { createSchema, createYoga } from 'graphql-yoga';
import { PeerPubSub } from 'nestjs-peercloud/graphql';

interface Price {
  item: string;
  price: number;
}

/** A GraphQL server in an app of Nest's. Subscriptions are server-sent events. */
@Controller('graphql')
export class GraphqlController {
  readonly #yoga;

  constructor(pubSub: PeerPubSub) {
    this.#yoga = createYoga({
      schema: createSchema({
        typeDefs: /* GraphQL */ `
          type Price {
            item: String!
            price: Int!
          }
          type Query {
            ready: Boolean!
          }
          type Mutation {
            setPrice(item: String!, price: Int!): Price!
          }
          type Subscription {
            priceChanged: Price!
          }
        `,
        resolvers: {
          Query: { ready: () => true },
          Mutation: {
            setPrice: async (_: unknown, priceChanged: Price) => {
              // Heard by the subscriptions of all replicas.
              await pubSub.publish('priceChanged', { priceChanged });
              return priceChanged;
            },
          },
          Subscription: {
            priceChanged: {
              subscribe: () => pubSub.asyncIterableIterator('priceChanged'),
            },
          },
        },
      }),
    });
  }

  @All()
  handle(@Req() request: IncomingMessage, @Res() response: ServerResponse) {
    return this.#yoga(request, response);
  }
}
