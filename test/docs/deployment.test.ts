import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import manifest from '../../package.json' with { type: 'json' };
import { parseRedisUrl } from '../../src/config/redis-url.ts';
import { variables } from '../../src/config/variables.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { pairsOf, readDockerfile } from '../support/dockerfile.ts';
import { findTool } from '../support/tools.ts';
import type { ComposeFile, KubernetesObject, Probe } from './deployment-shapes.ts';
import { ROOT } from './markdown.ts';

const DEPLOY = join(ROOT, 'examples/deploy');
const KUBERNETES = [
  'deployment',
  'service',
  'disruption-budget',
  'autoscaling',
  'secret.example',
  'valkey',
  'network-policy',
];

const imageEnvironment = pairsOf(readDockerfile(join(ROOT, 'Dockerfile')).stages.at(-1), 'ENV');
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

/** The configuration a gateway in the image gets from these variables. Throws where they are wrong or not known. */
function configOf(environment: Readonly<Record<string, string>>): Config {
  expect(Object.keys(environment).filter((name) => !(name in variables))).toEqual([]);
  return loadConfig({ ...imageEnvironment, ...environment });
}

describe('the compose file', () => {
  const { gateway, valkey, proxy } = compose.services;

  /** A value as compose fills it in from its own environment. */
  function fill(value: string, given: Readonly<Record<string, string>> = {}): string {
    return value.replace(/\$\{(\w+):-([^}]*)\}/g, (_all, name: string, fallback: string) => given[name] || fallback);
  }

  function environment(given: Readonly<Record<string, string>>): Record<string, string> {
    return Object.fromEntries(Object.entries(gateway.environment).map(([name, value]) => [name, fill(value, given)]));
  }

  test('starts three gateways of this repository, with a configuration that holds', () => {
    expect(gateway).toMatchObject({ build: '../..', deploy: { replicas: 3 }, read_only: true });
    expect(configOf(environment({})).auth.mode).toBe('passthrough');
    expect(configOf(environment({ A2E_API_TOKEN: 'a-token', AUTH_MODE: 'open' })).auth.mode).toBe('open');
  });

  test('hands every variable that the README names to the gateways, and unset ones as unset', async () => {
    const readme = await readFile(join(DEPLOY, 'README.md'), 'utf8');
    const named = new Set(readme.match(/\b[A-Z][A-Z0-9_]+\b/g)?.filter((name) => name in variables));
    expect([...named]).toEqual(
      expect.arrayContaining(['A2E_API_TOKEN', 'AUTH_MODE', 'AUTH_JWT_SECRET', 'AUTH_JWKS_URL']),
    );
    expect([...named].filter((name) => !(name in gateway.environment))).toEqual([]);
    const jwt = { A2E_API_TOKEN: 'a-token', AUTH_MODE: 'jwt', AUTH_JWT_AUDIENCE: 'video' };
    const secret = configOf(environment({ ...jwt, AUTH_JWT_SECRET: 'x'.repeat(32) })).auth;
    expect(secret).toMatchObject({ mode: 'jwt', jwtSecrets: ['x'.repeat(32)] });
    const keys = configOf(environment({ ...jwt, AUTH_JWKS_URL: 'https://id.example/keys' })).auth;
    expect(keys).toMatchObject({ mode: 'jwt', jwtSecrets: [] });
    expect(configOf(environment({})).auth).toEqual(loadConfig({}).auth);
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

  test('mounts only files that exist', () => {
    const mounted = Object.values(compose.services).flatMap(({ volumes = [] }) => volumes);
    const sources = mounted.map((volume) => volume.split(':')[0] ?? '').filter((source) => source.startsWith('.'));
    expect(sources.filter((source) => !existsSync(join(DEPLOY, source)))).toEqual([]);
  });

  test('publishes the proxy to the world, Grafana to the machine, and no other port', () => {
    const published = Object.entries(compose.services).flatMap(([name, { ports = [] }]) =>
      ports.map((port) => [name, fill(port)]),
    );
    expect(published).toEqual([
      ['proxy', '8080:8080'],
      ['grafana', '127.0.0.1:3000:3000'],
    ]);
  });

  test('puts a proxy in front that knows the way', () => {
    const { port } = configOf(environment({}));
    expect(caddyfile).toMatch(new RegExp(`dynamic a \\{\\s+name gateway\\s+port ${port}\\s`));
    expect(proxy.volumes).toEqual(['./Caddyfile:/etc/caddy/Caddyfile:ro']);
    expect(caddyfile).toMatch(new RegExp(`^:${proxy.ports?.[0]?.split(':').at(-1)} \\{$`, 'm'));
    expect(configOf(environment({})).http.trustProxy).toBe(true);
    // One client's OVERLOADED would take a gateway away from all others.
    expect(caddyfile).not.toMatch(/^\s*unhealthy_status/m);
    expect(caddyfile).not.toContain(String(configOf(environment({})).adminPort));
  });

  test('has Prometheus scrape every gateway on ADMIN_PORT, and Grafana ask that Prometheus', async () => {
    const load = async (file: string): Promise<unknown> =>
      parse(await readFile(join(DEPLOY, file), 'utf8'), { strict: true });
    const { adminPort } = configOf(environment({}));
    expect(await load('prometheus/prometheus.yml')).toMatchObject({
      scrape_configs: [{ dns_sd_configs: [{ names: ['gateway'], type: 'A', port: adminPort }] }],
    });
    expect(compose.services.prometheus.volumes).toContain('./prometheus:/etc/prometheus:ro');
    expect(await load('grafana/provisioning/datasources/prometheus.yml')).toMatchObject({
      datasources: [{ url: 'http://prometheus:9090', isDefault: true }],
    });
    const folder = '/var/lib/grafana/dashboards';
    expect(await load('grafana/provisioning/dashboards/video-task-gateway.yml')).toMatchObject({
      providers: [{ type: 'file', options: { path: folder } }],
    });
    expect(compose.services.grafana.volumes).toEqual([
      './grafana/provisioning:/etc/grafana/provisioning:ro',
      `./grafana/dashboard.json:${folder}/video-task-gateway.json:ro`,
    ]);
  });

  test('configures Prometheus as promtool accepts it, rules included', async () => {
    const config = join(DEPLOY, 'prometheus/prometheus.yml');
    const { stdout } = await promisify(execFile)(findTool('promtool'), ['check', 'config', config]);
    expect(stdout).toContain('SUCCESS: 1 rule files found');
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
      'networking.k8s.io/v1 NetworkPolicy',
      'networking.k8s.io/v1 NetworkPolicy',
    ]);
  });

  test('run the image of this version', () => {
    expect(container.image).toBe(`registry.example.com/${manifest.name}:${manifest.version}`);
  });

  test('configure the gateway with values that hold, the secret ones included', () => {
    const secret = object('Secret');
    expect(container.envFrom).toEqual([{ secretRef: { name: secret.metadata.name, optional: true } }]);
    expect(configOf(secret.stringData).upstream.token).not.toBeNull();
  });

  test('probe what the gateway serves, on the port it listens on', () => {
    expect(container.ports).toEqual([
      { name: 'http', containerPort: config.port },
      { name: 'admin', containerPort: config.adminPort },
    ]);
    const asked = ({ httpGet }: Probe): unknown => httpGet;
    expect(asked(container.startupProbe)).toEqual({ path: '/healthz', port: 'http' });
    expect(asked(container.livenessProbe)).toEqual({ path: '/healthz', port: 'http' });
    expect(asked(container.readinessProbe)).toEqual({ path: '/readyz', port: 'http' });
    expect(deployment.spec.template.metadata.annotations).toMatchObject({
      'prometheus.io/path': '/metrics',
      'prometheus.io/port': String(config.adminPort),
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
    expect(container.resources.limits).toHaveProperty('memory');
  });

  test('name the Valkey that the gateways look for', () => {
    const [endpoint] = parseRedisUrl(config.redis?.url ?? '').endpoints;
    const service = object('Service', endpoint.host);
    expect(service.spec.ports[0]?.port).toBe(endpoint.port);
    expect(service.spec.selector).toEqual(object('Deployment', 'valkey').spec.template.metadata.labels);
  });

  test('let clients reach the public port alone, monitoring the metrics, and gateways the Valkey', () => {
    const gateways = { matchLabels: deployment.spec.template.metadata.labels };
    const monitoring = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } };
    expect(object('NetworkPolicy').spec).toEqual({
      podSelector: gateways,
      policyTypes: ['Ingress'],
      ingress: [{ ports: [{ port: 'http' }] }, { from: [monitoring], ports: [{ port: 'admin' }] }],
    });
    expect(object('NetworkPolicy', 'valkey').spec).toEqual({
      podSelector: { matchLabels: object('Deployment', 'valkey').spec.template.metadata.labels },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [{ podSelector: gateways }], ports: [{ port: 'redis' }] }],
    });
    expect(object('Service').spec.ports.map(({ targetPort }) => targetPort)).not.toContain('admin');
  });
});
