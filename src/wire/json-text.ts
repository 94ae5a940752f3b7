/** JSON that is text already: it is written as it is. */
export class JsonText {
  constructor(readonly text: string) {}
}
