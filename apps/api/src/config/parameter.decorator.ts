/** How the text of a parameter is read. */
export type ParameterKind = 'text' | 'integer' | 'boolean' | 'list' | 'secret';

export interface ParameterOptions {
  /** Dotted name; or the environment name, for the few parameters that have only this one. */
  readonly name: string;
  readonly kind: ParameterKind;
  /** The value when nothing is set. */
  readonly default?: string | number | boolean;
  /** A secret that may be given as `new,old`. */
  readonly rotates?: boolean;
  /** A right value, or for a secret how to get one. */
  readonly example: string;
  /** One sentence for operators. */
  readonly description: string;
  /** Brings a text, or each entry of a list, to its one canonical spelling. Leaves alone what it does not know. */
  readonly canonical?: (text: string) => string;
}

export interface ParameterDescription extends ParameterOptions {
  /** Name of the property that holds the value. */
  readonly property: string;
  /** Upper case, dots become underscores. */
  readonly environmentName: string;
}

const described = new Map<unknown, ParameterDescription[]>();

/** Describes a system parameter, for the loader, for messages and for `.env.example`. */
export function Parameter(options: ParameterOptions): PropertyDecorator {
  return (prototype, property) => {
    const parameters = described.get(prototype.constructor) ?? [];
    described.set(prototype.constructor, parameters);
    parameters.push({
      ...options,
      property: String(property),
      environmentName: environmentNameOf(options.name),
    });
  };
}

/** The parameters of a class, in the order of its properties. */
export function parametersOf(type: abstract new () => object): readonly ParameterDescription[] {
  return described.get(type) ?? [];
}

export function environmentNameOf(name: string): string {
  return name.toUpperCase().replaceAll('.', '_');
}
