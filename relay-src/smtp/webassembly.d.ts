/** The part of WebAssembly that is used here: TypeScript declares it for browsers only. */
declare namespace WebAssembly {
  class Memory {
    private constructor();
    readonly buffer: ArrayBuffer;
    /** By pages of 64 KiB; `buffer` is a new one then. */
    grow(pages: number): number;
  }
  interface Module {
    readonly [Symbol.toStringTag]: string;
  }
  const Module: new (code: Uint8Array<ArrayBuffer>) => Module;
  class Instance {
    constructor(module: Module);
    readonly exports: Record<string, unknown>;
  }
  /** Whether this processor and engine can run it. */
  function validate(code: Uint8Array<ArrayBuffer>): boolean;
}
