export {};
//# sourceMappingURL=request-verifier.interface.js.map
