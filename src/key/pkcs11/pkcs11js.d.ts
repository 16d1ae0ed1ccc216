/** The types that are used of the optional package: https://github.com/PeculiarVentures/pkcs11js */
declare module 'pkcs11js' {
  /** A native number: little-endian, as long as the machine's `unsigned long`. */
  export type Handle = Buffer;

  export interface TokenInfo {
    /** Padded with spaces, as the next three. */
    readonly label: string;
    readonly manufacturerID: string;
    readonly model: string;
    readonly serialNumber: string;
    readonly flags: number;
  }

  export interface Attribute {
    readonly type: number;
    readonly value?: number | boolean | string | Buffer;
  }

  /** Every call throws an error with the return value (`CKR_...`) in `code` and `message`. */
  export class PKCS11 {
    load(path: string): void;
    C_Initialize(options?: { readonly flags?: number }): void;
    C_Finalize(): void;
    C_GetSlotList(tokenPresent: boolean): Handle[];
    C_GetTokenInfo(slot: Handle): TokenInfo;
    C_OpenSession(slot: Handle, flags: number): Handle;
    C_CloseSession(session: Handle): void;
    C_Login(session: Handle, userType: number, pin?: string): void;
    C_Logout(session: Handle): void;
    C_FindObjectsInit(session: Handle, template: readonly Attribute[]): void;
    C_FindObjects(session: Handle, maxObjectCount: number): Handle[];
    C_FindObjectsFinal(session: Handle): void;
    C_GetAttributeValue(
      session: Handle,
      object: Handle,
      template: readonly Attribute[],
    ): { readonly type: number; readonly value: Buffer }[];
    C_SignInit(session: Handle, mechanism: { readonly mechanism: number }, key: Handle): void;
    /** Off the main thread. Resolves with the part of `output` that was written. */
    C_SignAsync(session: Handle, input: Buffer, output: Buffer): Promise<Buffer>;
  }
}
