/** What is no longer true, at the replica that says so and at all others. */
export interface Drop {
  keys?: readonly string[];
  /** All entries that were written with one of these. */
  tags?: readonly string[];
  /** Everything. */
  all?: boolean;
}
