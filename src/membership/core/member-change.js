export {};
//# sourceMappingURL=member-change.js.map