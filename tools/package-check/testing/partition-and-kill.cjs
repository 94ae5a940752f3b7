/** Makes an app of what a test has imported. */
function appModule({ Module, OnPeerMessage, PeerCloudModule }) {
  class Greeter {
    greet({ name }) {
      return { text: `hello ${name}` };
    }
  }
  const { prototype } = Greeter;
  const method = Object.getOwnPropertyDescriptor(prototype, 'greet');
  OnPeerMessage('greet')(prototype, 'greet', method);
  class AppModule {}
  const imports = [PeerCloudModule.forRoot()];
  Module({ imports, providers: [Greeter] })(AppModule);
  return AppModule;
}

/** The test of docs/testing.md, with the timers of jest in place of the machine's and without. */
exports.partitionAndKill = function partitionAndKill(load) {
  afterEach(() => {
    jest.useRealTimers();
  });

  test.each([false, true])(
    'a partition, its healing and a kill; fake timers: %s',
    async (fake) => {
      const names = await load();
      if (fake) {
        jest.useFakeTimers();
      }
      const cloud = await names.createTestCloud(3, appModule(names));
      try {
        const others = (index) =>
          cloud.get(index, names.MembershipService).peers().length;
        const messaging = cloud.get(0, names.MessagingService);
        const body = { type: 'greet', name: 'Ada' };
        const results = await messaging.broadcast(body);
        expect(results.map(({ value }) => value)).toEqual([
          { text: 'hello Ada' },
          { text: 'hello Ada' },
        ]);
        cloud.partition(0);
        await cloud.settled();
        expect([others(0), others(1), others(2)]).toEqual([0, 1, 1]);
        cloud.heal();
        await cloud.settled();
        expect([others(0), others(1), others(2)]).toEqual([2, 2, 2]);
        await cloud.kill(2);
        await cloud.settled();
        expect([others(0), others(1)]).toEqual([1, 1]);
      } finally {
        await cloud.close();
      }
    },
  );
};
