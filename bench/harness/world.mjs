// What surrounds a contestant.
import { FakeTwilio } from './fake-twilio.mjs';
import { RedisServer } from './redis-server.mjs';

export class World {
  static async start() {
    const world = new World();
    world.redis = await RedisServer.start();
    world.twilio = await FakeTwilio.start();
    return world;
  }

  /** As if nobody had been here. */
  async reset() {
    await this.redis.empty();
    this.twilio.codes.clear();
    this.twilio.latencyMs = 0;
    this.twilio.beforeAnswer = undefined;
  }

  async stop() {
    await Promise.all([this.redis.stop(), this.twilio.stop()]);
  }
}
