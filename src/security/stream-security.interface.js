export {};
//# sourceMappingURL=stream-security.interface.js.map
