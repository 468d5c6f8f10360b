import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { parseRedisUrl } from '../../src/config/redis-url.ts';
import { variables } from '../../src/config/variables.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import type { ComposeFile, KubernetesObject, Probe } from './deployment-shapes.ts';
import { ROOT } from './markdown.ts';

const DEPLOY = join(ROOT, 'examples/deploy');
const KUBERNETES = ['deployment', 'service', 'disruption-budget', 'autoscaling', 'secret.example', 'valkey'];

const dockerfile = await readFile(join(ROOT, 'Dockerfile'), 'utf8');
const caddyfile = await readFile(join(DEPLOY, 'Caddyfile'), 'utf8');
const compose = parse(await readFile(join(DEPLOY, 'compose.yaml'), 'utf8'), { strict: true }) as ComposeFile;
const objects = (await Promise.all(KUBERNETES.map(read))).flat();

async function read(name: string): Promise<readonly KubernetesObject[]> {
  const documents = parseAllDocuments(await readFile(join(DEPLOY, `kubernetes/${name}.yaml`), 'utf8'), {
    strict: true,
  });
  expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
  return documents.map((document) => document.toJS() as KubernetesObject);
}

/** The object of this kind and name. */
function object(kind: string, name = 'video-task-gateway'): KubernetesObject {
  const found = objects.filter((candidate) => candidate.kind === kind && candidate.metadata.name === name);
  if (found.length !== 1 || !found[0]) throw new Error(`${found.length} of ${kind} ${name}`);
  return found[0];
}

/** What the image starts with, from the Dockerfile. */
function imageEnvironment(): Record<string, string> {
  const pairs = Array.from(dockerfile.matchAll(/^ENV (.+)$/gm), ([, line = '']) => line.split(' ')).flat();
  return Object.fromEntries(pairs.map((pair) => pair.split('=')));
}

/** The configuration a gateway in the image gets from these variables. Throws where they are wrong or not known. */
function configOf(environment: Readonly<Record<string, string>>): Config {
  expect(Object.keys(environment).filter((name) => !(name in variables))).toEqual([]);
  return loadConfig({ ...imageEnvironment(), ...environment });
}

describe('the compose file', () => {
  const { gateway, valkey, proxy } = compose.services;

  /** Values as compose fills them in from its own environment. */
  function environment(given: Readonly<Record<string, string>>): Record<string, string> {
    const fill = (value: string): string =>
      value.replace(/\$\{(\w+):-([^}]*)\}/g, (_all, name: string, fallback: string) => given[name] || fallback);
    return Object.fromEntries(Object.entries(gateway.environment).map(([name, value]) => [name, fill(value)]));
  }

  test('starts three gateways of this repository, with a configuration that holds', () => {
    expect(gateway).toMatchObject({ build: '../..', deploy: { replicas: 3 }, read_only: true });
    expect(configOf(environment({})).auth.mode).toBe('passthrough');
    expect(configOf(environment({ A2E_API_TOKEN: 'a-token', AUTH_MODE: 'open' })).auth.mode).toBe('open');
  });

  test('shares one Valkey among them, under the address it has', () => {
    const [endpoint] = parseRedisUrl(configOf(environment({})).redis?.url ?? '').endpoints;
    expect(compose.services).toHaveProperty(endpoint.host);
    expect(endpoint.port).toBe(6379);
    expect(valkey.command).toContain('--maxmemory-policy allkeys-lru');
  });

  test('waits for a gateway to end longer than it takes', () => {
    const seconds = Number(/^(\d+)s$/.exec(gateway.stop_grace_period)?.[1]);
    expect(seconds * 1000).toBeGreaterThan(configOf(environment({})).shutdownGraceMs);
  });

  test('puts a proxy in front that knows the way', () => {
    const { port } = configOf(environment({}));
    expect(caddyfile).toMatch(new RegExp(`dynamic a \\{\\s+name gateway\\s+port ${port}\\s`));
    expect(proxy.volumes).toEqual(['./Caddyfile:/etc/caddy/Caddyfile:ro']);
    expect(caddyfile).toMatch(new RegExp(`^:${proxy.ports[0]?.split(':').at(-1)} \\{$`, 'm'));
    expect(configOf(environment({})).http.trustProxy).toBe(true);
  });
});

describe('the Kubernetes manifests', () => {
  const deployment = object('Deployment');
  const pod = deployment.spec.template.spec;
  const [container] = pod.containers;
  const config = configOf(Object.fromEntries(container.env.map(({ name, value }) => [name, value])));

  test('say for every object what it is, in a version that is current', () => {
    expect(objects.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`)).toEqual([
      'apps/v1 Deployment',
      'v1 Service',
      'policy/v1 PodDisruptionBudget',
      'autoscaling/v2 HorizontalPodAutoscaler',
      'v1 Secret',
      'apps/v1 Deployment',
      'v1 Service',
    ]);
  });

  test('configure the gateway with values that hold, the secret ones included', () => {
    const secret = object('Secret');
    expect(container.envFrom).toEqual([{ secretRef: { name: secret.metadata.name, optional: true } }]);
    expect(configOf(secret.stringData).upstream.token).not.toBeNull();
  });

  test('probe what the gateway serves, on the port it listens on', () => {
    expect(container.ports).toEqual([{ name: 'http', containerPort: config.port }]);
    const asked = ({ httpGet }: Probe): unknown => httpGet;
    expect(asked(container.startupProbe)).toEqual({ path: '/healthz', port: 'http' });
    expect(asked(container.livenessProbe)).toEqual({ path: '/healthz', port: 'http' });
    expect(asked(container.readinessProbe)).toEqual({ path: '/readyz', port: 'http' });
    expect(deployment.spec.template.metadata.annotations).toMatchObject({
      'prometheus.io/path': '/metrics',
      'prometheus.io/port': String(config.port),
    });
  });

  test('let a gateway drain before it is killed', () => {
    const beforeMs = container.lifecycle.preStop.sleep.seconds * 1000;
    expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThan(beforeMs + config.shutdownGraceMs);
    expect(deployment.spec.strategy.rollingUpdate).toEqual({ maxSurge: 1, maxUnavailable: 0 });
  });

  test('run it as an ordinary user without privileges', () => {
    expect(pod).toMatchObject({ automountServiceAccountToken: false, securityContext: { runAsNonRoot: true } });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  test('select the pods of the deployment everywhere', () => {
    const { labels } = deployment.spec.template.metadata;
    expect(deployment.spec.selector.matchLabels).toEqual(labels);
    expect(object('Service').spec.selector).toEqual(labels);
    expect(object('Service').spec.ports[0]?.targetPort).toBe('http');
    expect(object('PodDisruptionBudget').spec).toEqual({ maxUnavailable: 1, selector: { matchLabels: labels } });
  });

  test('leave the number of gateways to the autoscaler, never fewer than two', () => {
    const { scaleTargetRef, minReplicas, maxReplicas } = object('HorizontalPodAutoscaler').spec;
    expect(deployment.spec.replicas).toBeUndefined();
    expect(scaleTargetRef).toEqual({ apiVersion: 'apps/v1', kind: 'Deployment', name: deployment.metadata.name });
    expect(minReplicas).toBeGreaterThan(1);
    expect(maxReplicas).toBeGreaterThan(minReplicas);
    expect(container.resources.requests).toHaveProperty('cpu');
    expect(container.resources.requests).toHaveProperty('memory');
  });

  test('name the Valkey that the gateways look for', () => {
    const [endpoint] = parseRedisUrl(config.redis?.url ?? '').endpoints;
    const service = object('Service', endpoint.host);
    expect(service.spec.ports[0]?.port).toBe(endpoint.port);
    expect(service.spec.selector).toEqual(object('Deployment', 'valkey').spec.template.metadata.labels);
  });
});
