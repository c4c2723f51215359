/** One atomic step of a history: it took effect at one moment between two. */
export interface Step<State> {
  /** For people. */
  readonly name: string;
  /** Milliseconds of a clock that all steps share. */
  readonly from: number;
  readonly to: number;
  /** Nobody knows whether it took effect. */
  readonly optional?: boolean;
  /** The name of a step that came before this one, if it took effect at all. */
  readonly after?: string;
  /** The state after it, or why it cannot have taken effect in this state. */
  readonly apply: (state: State) => State | Impossible;
}

/** Why a step cannot have taken effect. */
export class Impossible {
  constructor(readonly because: string) {}
}

export type Explanation<State> =
  | { readonly explained: true; readonly order: readonly Step<State>[] }
  | {
      readonly explained: false;
      /** It was given up before all orders were tried. */
      readonly undecided: boolean;
      /** The longest order that the model allows. */
      readonly order: readonly Step<State>[];
      /** The state that it leads to. */
      readonly state: State;
      /** Why no other step can follow there. */
      readonly stuck: readonly { readonly step: Step<State>; readonly because: string }[];
    };

const MAX_VISITS = 500_000;

/**
 * Looks for an order of the steps that the model allows and that respects real time: of two steps that did not overlap,
 * the earlier one is first (Wing and Gong 1993, with the memory of Lowe 2017).
 */
export function explain<State>(steps: readonly Step<State>[], start: State): Explanation<State> {
  return new Search([...steps].sort((one, other) => one.to - other.to || one.from - other.from)).run(start);
}

class Search<State> {
  private readonly visited = new Set<string>();
  private readonly taken: boolean[];
  private readonly indexOf: ReadonlyMap<string, number>;
  private readonly order: Step<State>[] = [];
  private required: number;
  private longest: { order: readonly Step<State>[]; state: State; required: number } | undefined;

  /** @param steps by their ends */
  constructor(private readonly steps: readonly Step<State>[]) {
    this.taken = steps.map(() => false);
    this.indexOf = new Map(steps.map(({ name }, index) => [name, index]));
    this.required = steps.filter(({ optional }) => !optional).length;
  }

  run(start: State): Explanation<State> {
    if (this.visit(start, -Infinity)) return { explained: true, order: [...this.order] };
    const { order, state } = this.longest!;
    const undecided = this.visited.size > MAX_VISITS;
    return { explained: false, undecided, order, state, stuck: this.stuckAfter(order, state) };
  }

  /** @param time the earliest moment at which the last step can have taken effect */
  private visit(state: State, time: number): boolean {
    if (!this.longest || this.required < this.longest.required) {
      this.longest = { order: [...this.order], state, required: this.required };
    }
    if (this.required === 0) return true;
    if (!this.isNew(state)) return false;
    for (const { index, next } of this.nextSteps(state, time)) {
      this.take(index);
      if (this.visit(next, Math.max(time, this.steps[index].from))) return true;
      this.giveBack(index);
    }
    return false;
  }

  private nextSteps(state: State, time: number): { index: number; next: State }[] {
    const possible: { index: number; next: State }[] = [];
    const firstEnd = this.steps.find(({ to }, index) => !this.taken[index] && to >= time)!.to;
    for (const index of this.candidates(time)) {
      const { apply, from, optional, after } = this.steps[index];
      const next = apply(state);
      if (next instanceof Impossible) continue;
      // What changes nothing, neither the state nor what may follow, can as well come now as later.
      if (next === state && from <= firstEnd && !optional && after === undefined) return [{ index, next }];
      possible.push({ index, next });
    }
    return possible;
  }

  /** Steps that can be the next one: none that has to follow would come too late. */
  private candidates(time: number): number[] {
    const bound = this.steps.find((step, index) => !this.taken[index] && !step.optional)!.to;
    if (bound < time) return [];
    const tooLate = new Set(this.steps.map(({ after }, index) => (this.taken[index] ? after : undefined)));
    return this.steps.flatMap((step, index) => {
      const isOpen = !this.taken[index] && !tooLate.has(step.name) && this.mayFollow(step);
      return isOpen && step.to >= time && step.from <= bound ? [index] : [];
    });
  }

  private mayFollow({ after }: Step<State>): boolean {
    const index = after === undefined ? undefined : this.indexOf.get(after);
    return index === undefined || this.taken[index] || this.steps[index].optional === true;
  }

  private isNew(state: State): boolean {
    const key = this.taken.map(Number).join('') + JSON.stringify(state);
    if (this.visited.has(key) || this.visited.size > MAX_VISITS) return false;
    this.visited.add(key);
    return true;
  }

  private take(index: number): void {
    this.taken[index] = true;
    this.order.push(this.steps[index]);
    if (!this.steps[index].optional) this.required -= 1;
  }

  private giveBack(index: number): void {
    this.taken[index] = false;
    this.order.pop();
    if (!this.steps[index].optional) this.required += 1;
  }

  private stuckAfter(order: readonly Step<State>[], state: State): { step: Step<State>; because: string }[] {
    const time = Math.max(...order.map(({ from }) => from));
    const left = this.steps.filter((step) => !order.includes(step));
    const bound = Math.min(...left.filter(({ optional }) => !optional).map(({ to }) => to));
    return left
      .filter(({ from, to, optional }) => from <= bound && !(optional && to < time))
      .flatMap((step) => {
        const next = step.to < time ? new Impossible('it was over before the last step') : step.apply(state);
        return next instanceof Impossible ? [{ step, because: next.because }] : [];
      });
  }
}
