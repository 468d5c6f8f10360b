/** The parts of a service of a compose file that the tests read. */
export interface ComposeService {
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
}

/** The parts of a compose file that the tests read. */
export interface ComposeFile {
  readonly services: {
    readonly gateway: ComposeService & {
      readonly build: string;
      readonly environment: Readonly<Record<string, string>>;
      readonly stop_grace_period: string;
    };
    readonly valkey: ComposeService & { readonly command: string };
    readonly proxy: ComposeService;
    readonly prometheus: ComposeService;
    readonly grafana: ComposeService;
  };
}

/** A probe of a container. */
export interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

type Labels = Readonly<Record<string, string>>;

interface Container {
  readonly image: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly envFrom: readonly unknown[];
  readonly ports: readonly unknown[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly lifecycle: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
  readonly resources: { readonly requests: Labels; readonly limits: Labels };
  readonly securityContext: unknown;
}

/** The parts of the Kubernetes objects that the tests read, of all kinds in one: which are there depends on the kind. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly stringData: Labels;
  readonly spec: {
    readonly replicas?: number;
    readonly selector: Labels & { readonly matchLabels: Labels };
    readonly ports: readonly { readonly port: number; readonly targetPort: string }[];
    readonly strategy: { readonly rollingUpdate: unknown };
    readonly scaleTargetRef: unknown;
    readonly minReplicas: number;
    readonly maxReplicas: number;
    readonly template: {
      readonly metadata: { readonly labels: Labels; readonly annotations: Labels };
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly [Container];
      };
    };
  };
}
