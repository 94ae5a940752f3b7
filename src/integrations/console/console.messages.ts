/** Log texts of the console. */
export const loopbackOnly = (path: string): string =>
  `the console at /${path} has no guards: it answers on loopback only. Give it some by \`guards\`; LoopbackGuard says that this is meant`;

/** Error texts of the options. */
export const badPath =
  "must be a path of letters, digits, '-', '_' and '/', such as 'cloud'";
export const badGuards =
  'must be an array of guards, such as [AdminGuard], with one at least; leave it out for loopback only';
export const badVersion = 'must be a text, such as the version in package.json';
