import { Module } from '@nestjs/common';
import { ApiKeys } from './api-keys.js';
import { Callers } from './callers.js';

/** Tells whom requests come from: by API key, and by address. */
@Module({ providers: [ApiKeys, Callers], exports: [ApiKeys, Callers] })
export class CallerModule {}
