/** Files in parts over bad lines: goes on where it stood, also after a restart, also on another phone. */

import { LineDown, Problem, recalled, remember, worthRepeating } from "./palm-drafts";
import type { Api, Store } from "./palm-drafts";

export interface FileView {
  id: string; name: string; size: number; sha256: string; url: string;
  warnings: { code: string; message: string }[]; scan: "waiting" | "clean" | "failed";
}

export interface UploadView {
  id: string; offset: number; state: "open" | "done" | "refused" | "expired"; part_bytes_min: number;
  part_bytes_max: number; file: FileView | null;
}

/** `size` bytes, of which any piece can be read. */
export interface Content { size: number; read(position: number, length: number): Promise<ArrayBuffer> }

/** `sha256` of the whole, in hexadecimal, in small letters. */
export interface UploadSource extends Content { name: string; sha256: string }

const FIRST_PART_BYTES = 1024 * 1024;

/** Piece by piece, because a phone has no room for the whole. `hash`: any SHA-256 that is fed in pieces,
 * such as `sha256.create()` of the package js-sha256; mini-programs have none of their own. */
export async function sha256Of(
  content: Content, hash: { update(bytes: ArrayBuffer): unknown; hex(): string },
): Promise<string> {
  for (let position = 0; position < content.size; position += FIRST_PART_BYTES) {
    hash.update(await content.read(position, Math.min(FIRST_PART_BYTES, content.size - position)));
  }
  return hash.hex();
}

/** In parts, going on where it stood, also after a restart: call it again with the same arguments. */
export async function upload(
  api: Api, store: Store, draftId: string, material: string, source: UploadSource,
  progress?: (sent: number, size: number) => void,
): Promise<FileView> {
  const name = `upload:${draftId}:${material}:${source.sha256}`;
  const place = `palm:${name}`;
  const { size, sha256 } = source;
  let view = await stood(api, store, place);
  if (view === null) {
    view = await api.once<UploadView>(store, name, `/drafts/${draftId}/uploads`, { material, name: source.name, size, sha256 });
    remember(store, place, view.id);
  }
  for (let completions = 1; view.state === "open"; completions += 1) {
    view = await sent(api, view, source, progress);
    try {
      view = await api.once<UploadView>(store, `complete:${view.id}`, `/uploads/${view.id}/complete`, undefined);
    } catch (error) {
      // Both carry the offset to go on from; what is wrong twice will stay wrong.
      const mendable = error instanceof Problem && ["hash_mismatch", "wrong_offset"].includes(error.code);
      if (!mendable || completions > 1) throw error;
      view = { ...view, offset: Number(error.document["offset"]) };
    }
  }
  remember(store, place, null);
  if (view.file === null) throw new LineDown("the file was removed meanwhile");
  return view.file;
}

/** An upload that was begun before and can be gone on with. */
async function stood(api: Api, store: Store, place: string): Promise<UploadView | null> {
  const id = recalled<string>(store, place);
  if (id === null) return null;
  try {
    const view = await api.patient<UploadView>("GET", `/uploads/${id}`);
    if (view.state === "open" || (view.state === "done" && view.file !== null)) return view;
  } catch (error) {
    if (!(error instanceof Problem) || error.document.status !== 404) throw error;
  }
  remember(store, place, null);
  return null;
}

/** Smaller parts where the line is bad, larger ones where it is good. */
async function sent(
  api: Api, begun: UploadView, source: UploadSource, progress?: (sent: number, size: number) => void,
): Promise<UploadView> {
  let view = begun;
  let length = Math.min(FIRST_PART_BYTES, begun.part_bytes_max);
  for (let failed = 0; view.offset < source.size; ) {
    const bytes = await source.read(view.offset, Math.min(length, source.size - view.offset));
    try {
      view = await api.send<UploadView>("PUT", `/uploads/${view.id}?offset=${view.offset}`, bytes);
      length = Math.min(length * 2, view.part_bytes_max);
      failed = 0;
      progress?.(view.offset, source.size);
    } catch (error) {
      failed += 1;
      const elsewhere = error instanceof Problem && error.code === "wrong_offset";
      if (failed >= api.tries || !(elsewhere || worthRepeating(error))) throw error;
      if (elsewhere) {
        view = { ...view, offset: Number(error.document["offset"]) };
        continue;
      }
      length = Math.max(Math.floor(length / 2), view.part_bytes_min);
      await api.pause(failed, error);
    }
  }
  return view;
}
