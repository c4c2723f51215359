import type * as Swagger from '@nestjs/swagger';

type DecoratorName =
  | 'ApiBody'
  | 'ApiConsumes'
  | 'ApiExtraModels'
  | 'ApiHeader'
  | 'ApiOperation'
  | 'ApiParam'
  | 'ApiProduces'
  | 'ApiProperty'
  | 'ApiPropertyOptional'
  | 'ApiQuery'
  | 'ApiResponse'
  | 'ApiSecurity'
  | 'ApiTags';
type DecoratorFactory = (...options: unknown[]) => (...target: unknown[]) => void;

const postponed: ((swagger: typeof Swagger) => void)[] = [];

/** Loading the library takes a third of the API's start, so its decorators wait until somebody asks for the description. */
function postpone<Name extends DecoratorName>(name: Name): (typeof Swagger)[Name] {
  const decorator: DecoratorFactory =
    (...options) =>
    (...target) =>
      void postponed.push((swagger) => (swagger[name] as unknown as DecoratorFactory)(...options)(...target));
  return decorator as unknown as (typeof Swagger)[Name];
}

/** The decorators of `@nestjs/swagger`, to be imported from here. */
export const ApiBody = postpone('ApiBody');
export const ApiConsumes = postpone('ApiConsumes');
export const ApiExtraModels = postpone('ApiExtraModels');
export const ApiHeader = postpone('ApiHeader');
export const ApiOperation = postpone('ApiOperation');
export const ApiParam = postpone('ApiParam');
export const ApiProduces = postpone('ApiProduces');
export const ApiProperty = postpone('ApiProperty');
export const ApiPropertyOptional = postpone('ApiPropertyOptional');
export const ApiQuery = postpone('ApiQuery');
export const ApiResponse = postpone('ApiResponse');
export const ApiSecurity = postpone('ApiSecurity');
export const ApiTags = postpone('ApiTags');

/** Loads the library, and applies its decorators. */
export async function loadSwagger(): Promise<typeof Swagger> {
  // oxlint-disable-next-line no-restricted-imports -- here it is wanted, and nobody waits for the start
  const swagger = await import('@nestjs/swagger');
  for (const decorate of postponed.splice(0)) decorate(swagger);
  return swagger;
}
