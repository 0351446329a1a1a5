/** Where mail ends that mx-validator passes on: Mailpit, or the sink that stands in for it. */
export interface Destination {
  readonly name: string;
  readonly smtpPort: number;
  /** Address of its web interface, when it has one. */
  readonly ui?: string;
  /** Resolves when it has ended by itself, with how. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}
