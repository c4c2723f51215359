import { Controller, Get, Header } from '@nestjs/common';
import { Registry } from 'prom-client';
import { ApiAnswer, ApiProblems } from '../docs/api-answer.decorators.js';
import { ApiOperation, ApiProduces, ApiTags } from '../docs/swagger.decorators.js';
import { Metrics } from './metrics.js';

const EXAMPLE = '# TYPE sms_sends_total counter\nsms_sends_total{outcome="sent"} 12\n';

@ApiTags('Operation')
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  /** For Prometheus, or whatever reads its text format. */
  @Get()
  @Header('content-type', Registry.PROMETHEUS_CONTENT_TYPE)
  @ApiOperation({ operationId: 'getMetrics', summary: 'What was counted and timed, for Prometheus' })
  @ApiProduces('text/plain')
  @ApiAnswer(200, String, 'The text format of Prometheus.', EXAMPLE)
  @ApiProblems()
  get(): Promise<string> {
    return this.metrics.text();
  }
}
