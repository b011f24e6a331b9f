/** How each platform sends and keeps. Take what you need; the shapes are those of the public documents
 * of the platforms, and were not tried on a phone. */

import type { HttpRequest, Store, Transport } from "./palm-drafts";

// ---------------------------------------------------------------- sending

function lowered(headers: Record<string, unknown> | undefined): Record<string, string> {
  const lower: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers ?? {})) lower[name.toLowerCase()] = String(value);
  return lower;
}

function textOf(data: unknown): string {
  if (typeof data === "string") return data;
  return data === undefined || data === null ? "" : JSON.stringify(data);
}

interface CallbackOptions {
  url: string; method: HttpRequest["method"]; data?: string | ArrayBuffer; timeout: number;
  fail(error: unknown): void;
}
interface WxOptions extends CallbackOptions {
  header: Record<string, string>;
  success(answer: { statusCode: number; header: Record<string, unknown>; data: unknown }): void;
}
interface MyOptions extends CallbackOptions {
  headers: Record<string, string>; dataType: "text";
  success(answer: { status: number; headers?: Record<string, unknown>; data: unknown }): void;
}

function common({ url, method, body }: HttpRequest, timeout: number, fail: (error: unknown) => void): CallbackOptions {
  return { url, method, timeout, fail, ...(body === undefined ? {} : { data: body }) };
}

export function wxTransport(wx: { request(options: WxOptions): unknown }, timeoutMs = 20_000): Transport {
  return {
    request: (request) => new Promise((resolve, reject) => {
      wx.request({
        ...common(request, timeoutMs, reject), header: request.headers,
        success: ({ statusCode, header, data }) => resolve({ status: statusCode, headers: lowered(header), body: textOf(data) }),
      });
    }),
  };
}

/** With `hidesErrors: true` in ApiOptions. */
export function myTransport(my: { request(options: MyOptions): unknown }, timeoutMs = 20_000): Transport {
  return {
    request: (request) => new Promise((resolve, reject) => {
      my.request({
        ...common(request, timeoutMs, reject), headers: request.headers, dataType: "text",
        success: ({ status, headers, data }) => resolve({ status, headers: lowered(headers), body: textOf(data) }),
      });
    }),
  };
}

type FetchLike = (
  url: string, init: { method: string; headers: Record<string, string>; body?: string | ArrayBuffer },
) => Promise<{ status: number; headers: { forEach(take: (value: string, name: string) => void): void }; text(): Promise<string> }>;

/** For H5 and 爱山东: `fetchTransport(fetch)`. */
export function fetchTransport(fetch: FetchLike): Transport {
  return {
    async request({ method, url, headers, body }) {
      const answer = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
      const received: Record<string, string> = {};
      answer.headers.forEach((value, name) => {
        received[name.toLowerCase()] = value;
      });
      return { status: answer.status, headers: received, body: await answer.text() };
    },
  };
}

// ---------------------------------------------------------------- keeping

interface WxStorage { getStorageSync(key: string): unknown; setStorageSync(key: string, value: string): void }
interface MyStorage {
  getStorageSync(options: { key: string }): { data?: unknown };
  setStorageSync(options: { key: string; data: string }): unknown;
}
interface WebStorage { getItem(key: string): string | null; setItem(key: string, value: string): void }

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** At most 1 MB a key and 10 MB in all. */
export function wxStore(wx: WxStorage): Store {
  return { get: (key) => textOrNull(wx.getStorageSync(key)), set: (key, value) => wx.setStorageSync(key, value) };
}

/** At most 200 KB a key and 10 MB in all. Looks whether it is there, because not every version throws. */
export function myStore(my: MyStorage): Store {
  const get = (key: string) => textOrNull(my.getStorageSync({ key }).data);
  return {
    get,
    set(key, data) {
      my.setStorageSync({ key, data });
      if ((get(key) ?? "") !== data) throw new Error("not kept");
    },
  };
}

/** For H5 and 爱山东: `webStore(localStorage)`. */
export function webStore(storage: WebStorage): Store {
  return { get: (key) => storage.getItem(key), set: (key, value) => storage.setItem(key, value) };
}

// ---------------------------------------------------------------- reading files

interface ReadFile {
  filePath: string; position: number; length: number; success(answer: { data: unknown }): void;
  fail(error: unknown): void;
}

/** For `read` of a source, with wx.getFileSystemManager(). */
export function wxReader(files: { readFile(options: ReadFile): unknown }, filePath: string) {
  return (position: number, length: number): Promise<ArrayBuffer> => new Promise((success, fail) => {
    files.readFile({ filePath, position, length, fail, success: ({ data }) => success(data as ArrayBuffer) });
  });
}

interface Blobs { slice(from: number, to: number): { arrayBuffer(): Promise<ArrayBuffer> } }

/** For H5 and 爱山东, with the File of an <input>. */
export function blobReader(blob: Blobs) {
  return (position: number, length: number): Promise<ArrayBuffer> => blob.slice(position, position + length).arrayBuffer();
}
