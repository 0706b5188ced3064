// Keeps what the provider must remember in memory and, if it was given a file, across restarts.

import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";

const SAVE_AFTER = 200; // ms; bundles the several writes that one request makes
const BOUND_TO_A_GRANT = new Set(["AccessToken", "AuthorizationCode", "RefreshToken"]);

export class Store {
  /** @param {string | undefined} file where to keep everything; without one it ends with the process */
  constructor(file) {
    this.file = file;
    this.entries = new Map();
    this.timer = undefined;
    if (file && existsSync(file)) {
      const kept = JSON.parse(readFileSync(file, "utf8"));
      this.entries = new Map(Object.entries(kept));
    }
  }

  get(key) {
    const entry = this.entries.get(key);
    if (entry?.until !== undefined && entry.until <= Date.now()) {
      this.entries.delete(key);
      return undefined;
    }
    return entry?.value;
  }

  set(key, value, seconds) {
    const until = seconds === undefined ? undefined : Date.now() + seconds * 1000;
    this.entries.set(key, { value, until });
    this.changed();
  }

  delete(key) {
    this.entries.delete(key);
    this.changed();
  }

  changed() {
    if (this.file && this.timer === undefined) {
      this.timer = setTimeout(() => this.save(), SAVE_AFTER);
    }
  }

  save() {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (!this.file) return;
    for (const key of [...this.entries.keys()]) this.get(key);
    const fresh = `${this.file}.new`;
    writeFileSync(fresh, JSON.stringify(Object.fromEntries(this.entries)), { mode: 0o600 });
    renameSync(fresh, this.file);
  }

  /** What oidc-provider calls an adapter: one per kind of thing it stores. */
  adapter(model) {
    const store = this;
    const keyOf = (id) => `${model}:${id}`;
    return {
      async upsert(id, payload, seconds) {
        store.set(keyOf(id), payload, seconds);
        if (model === "Session") store.set(`uid:${payload.uid}`, id, seconds);
        if (BOUND_TO_A_GRANT.has(model) && payload.grantId) {
          const members = store.get(`members:${payload.grantId}`) ?? [];
          store.set(`members:${payload.grantId}`, [...new Set([...members, keyOf(id)])]);
        }
      },
      async find(id) {
        return store.get(keyOf(id));
      },
      async findByUid(uid) {
        return store.get(keyOf(store.get(`uid:${uid}`)));
      },
      async findByUserCode() {
        return undefined;
      },
      async destroy(id) {
        store.delete(keyOf(id));
      },
      async consume(id) {
        const payload = store.get(keyOf(id));
        if (payload) payload.consumed = Math.floor(Date.now() / 1000);
        store.changed();
      },
      async revokeByGrantId(grantId) {
        for (const key of store.get(`members:${grantId}`) ?? []) store.delete(key);
        store.delete(`members:${grantId}`);
      },
    };
  }
}
