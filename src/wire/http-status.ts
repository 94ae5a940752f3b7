/** True for every 2xx (PROTOCOL.md, section 1, success). */
export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
