/** One line of what is signed: the component's identifier as it stands in `signature-input`, and its value. */
export type SignedComponent = readonly [identifier: string, value: string];

/**
 * The text that is signed (RFC 9421, section 2.5). `parameters` is the inner list with its parameters,
 * exactly as in `signature-input`.
 */
export function signatureBase(
  components: readonly SignedComponent[],
  parameters: string,
): string {
  let base = '';
  for (const [identifier, value] of components) {
    base += `${identifier}: ${value}\n`;
  }
  return `${base}"@signature-params": ${parameters}`;
}

/** The inner list of identifiers: `("@method" "@path")`. */
export function componentList(components: readonly SignedComponent[]): string {
  return `(${components.map(([identifier]) => identifier).join(' ')})`;
}
