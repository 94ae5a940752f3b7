import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';

/** A container as a Deployment describes it, as far as a process can be like one. */
export interface Container {
  env: { name: string; value?: string }[];
  ports: { name: string; containerPort: number }[];
  readinessProbe: Probe;
  livenessProbe: Probe;
  lifecycle: { preStop: { exec: { command: string[] } } };
}

export interface Probe {
  httpGet: { path: string; port: string };
  periodSeconds: number;
}

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec: Record<string, unknown>;
}

export interface Deployment extends Manifest {
  spec: {
    replicas: number;
    strategy: { rollingUpdate: { maxSurge: number; maxUnavailable: number } };
    template: {
      spec: { terminationGracePeriodSeconds: number; containers: Container[] };
    };
  };
}

/** The documents of a YAML file, relative to the working directory. */
export function readManifests(path: string): Manifest[] {
  return parseAllDocuments(readFileSync(path, 'utf8')).map(
    (document) => document.toJS({ maxAliasCount: 0 }) as Manifest,
  );
}

export function deploymentOf(manifests: readonly Manifest[]): Deployment {
  return manifests.find(({ kind }) => kind === 'Deployment') as Deployment;
}
