import type { MessageTemplate } from '../message/message-template.js';

const CODE = /^[0-9A-Za-z]{4,10}$/;
const CODE_LENGTHS = [4, 5, 6, 7, 8, 9, 10];
/** Stands for the code. No template has it. */
const PLACE = '\0';

/** The code with which the template gives this text, or undefined if none does. */
export function codeIn(body: string, template: MessageTemplate): string | undefined {
  const start = template.render(PLACE).indexOf(PLACE);
  return CODE_LENGTHS.map((length) => body.slice(start, start + length)).find(
    (code) => CODE.test(code) && template.render(code) === body,
  );
}
