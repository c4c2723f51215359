export function redisProgram(): Promise<string>;
export function answers(port: number): Promise<boolean>;
export function freePort(): Promise<number>;
