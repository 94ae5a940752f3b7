export {};
//# sourceMappingURL=membership.types.js.map