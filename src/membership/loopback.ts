/** True for an IP literal, in its one spelling, that means this machine to everyone who reads it. */
export function isLoopback(ip: string): boolean {
  return ip === '::1' || ip.startsWith('127.');
}
