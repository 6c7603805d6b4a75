/** What the benchmarks use of autocannon, which brings no types. */
declare module 'autocannon' {
  export interface Options {
    url: string;
    connections: number;
    /** Seconds. */
    duration: number;
    /** Threads that send, apart from the one that serves. */
    workers: number;
    headers?: Record<string, string>;
    /** `setupRequest` is a file's path, for it runs in the sending thread. */
    requests?: { method: string; path: string; setupRequest: string }[];
  }
  export interface Result {
    requests: { total: number };
    duration: number;
    errors: number;
    non2xx: number;
  }
  export default function autocannon(options: Options): Promise<Result>;
}
