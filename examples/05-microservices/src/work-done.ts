import { Injectable } from '@nestjs/common';

/** What this replica has done, for all to see. */
@Injectable()
export class WorkDone {
  readonly name = process.env.NAME ?? `replica ${process.pid}`;
  readonly lines: string[] = [];
}
