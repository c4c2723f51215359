import type { OpenAPIObject } from '@nestjs/swagger';
import { INBOX_DESCRIPTION } from '@app/twilio-simulator';

/** Adds the routes of the inbox, which are not those of controllers. */
export function describeInbox(description: OpenAPIObject): void {
  const { tags, paths, schemas } = INBOX_DESCRIPTION;
  description.tags!.push(...tags);
  Object.assign(description.paths, paths);
  Object.assign(description.components!.schemas!, schemas);
}
