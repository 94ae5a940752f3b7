import { Body, type PipeTransform, type Type } from '@nestjs/common';

type Pipe = Type<PipeTransform> | PipeTransform;

/**
 * The body of a message, or one property of it, as a parameter of an `@OnPeerMessage()` method. Pipes apply
 * as they do to `@Body()`: a ValidationPipe checks it against the parameter's class.
 */
export function PeerBody(...pipes: Pipe[]): ParameterDecorator;
export function PeerBody(
  property: string,
  ...pipes: Pipe[]
): ParameterDecorator;
export function PeerBody(
  property?: string | Pipe,
  ...pipes: Pipe[]
): ParameterDecorator {
  return Body(property as string, ...pipes);
}
