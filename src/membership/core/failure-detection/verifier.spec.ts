import { addFake, makeCloud, tell } from '../testing-support/checked-cloud.js';
import { told } from '../testing-support/test-cloud.js';

describe('Verifier', () => {
  it.each(['dead', 'left'] as const)(
    'asks nobody because of an update (%s) that is older than what is known',
    async (state) => {
      const { cloud, a } = await makeCloud(['b', 'c']);
      const { fake } = await addFake(cloud, a, 'other');
      const { incarnation } = a.core.get('b')!;
      await tell(cloud, a, fake, {
        id: 'b',
        state,
        incarnation: incarnation - 1,
      });
      await cloud.clock.run(100);
      expect(cloud.to('b', 'status')).toEqual([]);
      await tell(cloud, a, fake, { id: 'b', state, incarnation });
      await cloud.clock.run(100);
      expect(cloud.to('b', 'status')).toHaveLength(1);
      expect(told(a)).toEqual([]);
    },
  );
});
