import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

type Model = new (data: object) => { validate(): void };

/** Checks a document by the schema that Kubernetes publishes for its kind. */
export function validateManifest(document: object): void {
  const { apiVersion, kind } = document as { apiVersion: string; kind: string };
  const models = require(`kubernetes-models/${apiVersion}`) as Record<
    string,
    Model
  >;
  new models[kind]!(document).validate();
}
