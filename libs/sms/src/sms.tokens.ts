import { Inject, type InjectionToken } from '@nestjs/common';
import { RateLimitStore } from './rate-limit/rate-limit.store.js';
import { SmsHealthIndicator } from './sms.health.js';
import { SmsService } from './sms.service.js';
import { TwilioClient } from './twilio/twilio.client.js';

/** @param name of the instance, see {@link SmsModuleExtras.name}; without one, the class is its own token */
export function getSmsServiceToken(name?: string): InjectionToken<SmsService> {
  return name === undefined ? SmsService : `SmsService of ${name}`;
}

/** Of the client with which an instance asks Twilio. Override it in a testing module. */
export function getTwilioClientToken(name?: string): InjectionToken<TwilioClient> {
  return name === undefined ? TwilioClient : `TwilioClient of ${name}`;
}

/** Of the store in which an instance counts. Override it in a testing module. */
export function getRateLimitStoreToken(name?: string): InjectionToken<RateLimitStore> {
  return name === undefined ? RateLimitStore : `RateLimitStore of ${name}`;
}

export function getSmsHealthIndicatorToken(name?: string): InjectionToken<SmsHealthIndicator> {
  return name === undefined ? SmsHealthIndicator : `SmsHealthIndicator of ${name}`;
}

/** Injects the {@link SmsService} of an instance with a name. Without a name, its type alone is enough. */
export function InjectSmsService(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getSmsServiceToken(name));
}

/** Injects the {@link TwilioClient} with which {@link SmsService} asks Twilio. */
export function InjectTwilioClient(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getTwilioClientToken(name));
}

/** Injects the {@link RateLimitStore} in which {@link SmsService} counts. */
export function InjectRateLimitStore(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getRateLimitStoreToken(name));
}

/** Injects the {@link SmsHealthIndicator} of an instance with a name. Without a name, its type alone is enough. */
export function InjectSmsHealthIndicator(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getSmsHealthIndicatorToken(name));
}
