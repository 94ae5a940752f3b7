/** The machine's own chance. */
export const systemRandom = {
    next: () => Math.random(),
    uuid: () => crypto.randomUUID(),
};
/** Shuffles in place (Fisher and Yates) and returns the same array. */
export function shuffle(items, random) {
    for (let last = items.length - 1; last > 0; last--) {
        const pick = Math.floor(random.next() * (last + 1));
        [items[last], items[pick]] = [items[pick], items[last]];
    }
    return items;
}
//# sourceMappingURL=random.js.map