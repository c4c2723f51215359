import { afterAll, afterEach } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { describeApi } from '../../apps/api/src/docs/api-description.js';

export interface Answer {
  readonly method: string;
  /** Of the request, or the route that served it. */
  readonly path: string;
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

type Responses = Record<string, DescribedResponse | undefined>;

interface DescribedResponse {
  readonly headers: Record<string, { required?: boolean; schema: { type: string } }>;
  /** Missing where the answer has no body. */
  readonly content?: Record<
    string,
    { schema: object; examples?: Record<string, { value: { status: number } }> }
  >;
}

/** Headers of ours that say something; one that is not described is a fault. */
const TELLING_HEADERS = ['retry-after', 'allow', 'www-authenticate'];

/** Answers that were not as described, and that no test has been told of. */
const faults: string[] = [];

// Here, and not where the answer is read, so that no test can overlook it.
afterEach(reportFaults);
afterAll(reportFaults);

function reportFaults(): void {
  const found = [...new Set(faults.splice(0))];
  if (found.length > 0) throw new Error(`Answers that /openapi.json does not describe:\n${found.join('\n')}`);
}

/** Holds the answers of an API against its description. */
export class DescribedAnswers {
  private static readonly ofApps = new WeakMap<NestFastifyApplication, Promise<DescribedAnswers>>();
  private static ofTheBuild?: Promise<DescribedAnswers>;
  private readonly ajv = createAjv();
  private readonly document: OpenAPIObject;

  constructor(document: OpenAPIObject) {
    this.document = JSON.parse(
      JSON.stringify(document).replaceAll('"#/components/', '"description#/components/'),
    ) as OpenAPIObject;
    const schemas = this.document.components!.schemas!;
    // Stricter than the description: a property that it does not name is a fault.
    for (const schema of Object.values(schemas)) {
      if ('properties' in schema) schema.additionalProperties = false;
    }
    this.ajv.addSchema({ $id: 'description', components: { schemas } });
  }

  /** The description of an app in this process. */
  static of(app: NestFastifyApplication): Promise<DescribedAnswers> {
    let described = this.ofApps.get(app);
    described ??= describeApi(app).then((document) => new DescribedAnswers(document));
    this.ofApps.set(app, described);
    return described;
  }

  /** Every answer to a request that Fastify could read. */
  static watch(app: NestFastifyApplication): void {
    const server = app.getHttpAdapter().getInstance();
    server.addHook('onSend', async (request, reply, payload) => {
      (await this.of(app)).compare({
        method: request.method,
        path: request.routeOptions.url ?? request.url,
        status: reply.statusCode,
        headers: reply.getHeaders(),
        body: typeof payload === 'string' ? payload : '',
      });
    });
  }

  /** The description that the build gives of itself. */
  static from(url: string): Promise<DescribedAnswers> {
    this.ofTheBuild ??= fetch(`${url}/openapi.json`)
      .then((response) => response.json())
      .then((document) => new DescribedAnswers(document as OpenAPIObject));
    return this.ofTheBuild;
  }

  /** Fails the test that is running if the answer is not as described. */
  compare(answer: Answer): void {
    const report = (fault: string): number =>
      faults.push(`${answer.method} ${answer.path}, ${answer.status}: ${fault}`);
    try {
      this.faultsOf(answer).forEach(report);
    } catch (error) {
      report((error as Error).stack!); // for example a body that is no JSON
    }
  }

  private faultsOf(answer: Answer): string[] {
    if (/^\/(openapi\.json|docs)(\/|$)/.test(answer.path)) return []; // the description itself
    if (answer.method === 'OPTIONS' && answer.status === 204) return []; // a preflight
    const responses = this.operationOf(answer)?.responses ?? this.responsesAnywhere();
    const response = responses[answer.status];
    if (!response) return ['no such status'];
    return [...this.headerFaults(answer, response), ...this.bodyFaults(answer, response)];
  }

  private operationOf({ method, path }: Answer): { responses: Responses } | undefined {
    const [address] = path.replaceAll(/:(\w+)/g, '{$1}').split('?');
    const { paths } = this.document;
    const name =
      address in paths ? address : Object.keys(paths).find((template) => toRegExp(template).test(address));
    const key = (method === 'HEAD' ? 'GET' : method).toLowerCase() as 'get';
    return name === undefined ? undefined : (paths[name][key] as { responses: Responses } | undefined);
  }

  /** Of addresses and methods that are not described. */
  private responsesAnywhere(): Responses {
    const responses = Object.values(this.document.components!.responses!) as DescribedResponse[];
    return Object.fromEntries(
      responses.flatMap((response) =>
        Object.values(response.content!)
          .flatMap(({ examples = {} }) => Object.values(examples))
          .map(({ value }) => [value.status, response]),
      ),
    );
  }

  private headerFaults({ headers }: Answer, response: DescribedResponse): string[] {
    const described = new Map(
      Object.entries(response.headers).map(([name, header]) => [name.toLowerCase(), header]),
    );
    const unknown = TELLING_HEADERS.filter((name) => headers[name] !== undefined && !described.has(name));
    const wrong = [...described].flatMap(([name, { required, schema }]) => {
      const value = schema.type === 'integer' ? Number(headers[name]) : headers[name];
      if (headers[name] === undefined) return required ? [`no header ${name}`] : [];
      return this.schemaFaults(schema, value).map((fault) => `header ${name} ${fault}`);
    });
    return [...unknown.map((name) => `header ${name} is not described`), ...wrong];
  }

  private bodyFaults({ method, headers, body }: Answer, response: DescribedResponse): string[] {
    if (!response.content) return body === '' ? [] : ['a body'];
    const [type] = String(headers['content-type']).split(';');
    const content = response.content[type];
    if (!content) return [`no such content type: ${type}`];
    if (method === 'HEAD') return [];
    return this.schemaFaults(content.schema, type.endsWith('json') ? JSON.parse(body) : body);
  }

  private schemaFaults(schema: object, value: unknown): string[] {
    const validate = this.ajv.compile(schema); // Ajv remembers what it has compiled
    if (validate(value)) return [];
    return (validate.errors ?? []).map(({ instancePath, message, params }) =>
      [instancePath, message, JSON.stringify(params)].join(' '),
    );
  }
}

/** Knows the keywords that OpenAPI adds to JSON Schema. */
export function createAjv(): Ajv2020 {
  const ajv = new Ajv2020({ allErrors: true, strictTypes: false });
  formats.default(ajv);
  return ajv.addVocabulary(['example', 'components']);
}

function toRegExp(template: string): RegExp {
  const [first, ...rest] = template.split(/\{\w+\}/).map((part) => part.replaceAll('.', '\\.'));
  return new RegExp(`^${[first, ...rest].join('[^/]+')}$`);
}
