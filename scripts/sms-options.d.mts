export function withOptions(readme: string): string;
