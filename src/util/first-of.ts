/** The first value that fits, as soon as it is there; undefined when none does. */
export function firstOf<T>(
  promises: readonly Promise<T>[],
  fits: (value: T) => boolean,
): Promise<T | undefined> {
  return new Promise((resolve) => {
    for (const promise of promises) {
      void promise.then((value) => fits(value) && resolve(value));
    }
    void Promise.all(promises).then((values) => resolve(values.find(fits)));
  });
}
