import { BodyBudget } from './body-budget.js';

const FREE = 16 * 1024;

describe('BodyBudget', () => {
  it('counts what bodies hold over their free part, until they are closed', () => {
    const budget = new BodyBudget(1000);
    const first = budget.open();
    const second = budget.open();
    expect(first.grow(FREE + 600)).toBe(true);
    expect(second.grow(FREE + 600)).toBe(false);
    expect(second.grow(FREE + 400)).toBe(true);
    expect(first.grow(FREE + 601)).toBe(false);
    first.close();
    first.close();
    expect(second.grow(FREE + 1000)).toBe(true);
    expect(second.grow(FREE + 1001)).toBe(false);
  });

  it('lets small bodies through when it is used up', () => {
    const budget = new BodyBudget(1000);
    expect(budget.open().grow(FREE + 1000)).toBe(true);
    expect(budget.open().grow(FREE)).toBe(true);
    expect(budget.open().grow(FREE + 1)).toBe(false);
  });

  it('counts what is parsed, and lets one that is alone unfold to any size', () => {
    const budget = new BodyBudget(1000);
    const first = budget.open();
    const second = budget.open();
    expect(first.grow(FREE + 100)).toBe(true);
    expect(second.grow(FREE + 100)).toBe(true);
    expect(first.growParsed(FREE + 901)).toBe(false);
    expect(first.growParsed(FREE + 900)).toBe(true);
    second.close();
    expect(first.growParsed(FREE + 9000)).toBe(true);
    expect(second.grow(FREE)).toBe(true);
    expect(second.grow(FREE + 1)).toBe(false);
    first.close();
    expect(second.growParsed(FREE + 1000)).toBe(true);
  });
});
