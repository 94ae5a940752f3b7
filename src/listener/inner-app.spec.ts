import { withoutHooks } from './inner-app.js';

class Service {
  #secret = 'kept';
  name = 'service';
  initialised = 0;

  onModuleInit(): void {
    this.initialised++;
  }

  read(): string {
    return this.#secret;
  }
}

describe('withoutHooks', () => {
  it('hides the lifecycle and nothing else', () => {
    const service = new Service();
    const lent = withoutHooks(service);
    expect(lent).toHaveProperty('onModuleInit', undefined);
    expect(lent.read()).toBe('kept');
    expect(lent.name).toBe('service');
    expect(lent).toBeInstanceOf(Service);
  });

  it('leaves a service without hooks as it is', () => {
    const plain = { value: 1 };
    expect(withoutHooks(plain)).toBe(plain);
    expect(withoutHooks('text')).toBe('text');
  });
});
