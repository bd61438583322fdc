/** One item of a validation error, in GitHub's form. */
export interface ValidationItem {
  readonly resource: 'Release' | 'ReleaseAsset' | 'Reference';
  readonly code: 'already_exists' | 'custom' | 'invalid' | 'missing_field';
  readonly field?: string;
  readonly message?: string;
}

/** A request that GitHub refuses: the status and what the document says. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly errors: readonly ValidationItem[] | null;

  constructor(status: number, message: string, errors: readonly ValidationItem[] | null = null) {
    super(message);
    this.status = status;
    this.errors = errors;
  }
}

export function notFound(): ApiProblem {
  return new ApiProblem(404, 'Not Found');
}

export function validationFailed(...errors: readonly ValidationItem[]): ApiProblem {
  return new ApiProblem(422, 'Validation Failed', errors);
}

export function missing(key: string): ApiProblem {
  return new ApiProblem(422, `Invalid request.\n\n"${key}" wasn't supplied.`);
}
