/** What the administration asks for and changes. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import { call, get, segment } from "./client";
import { PAGE_SIZE, parameters } from "./queries";
import type {
  AccountForm,
  AccountOverviews,
  ChangedAccount,
  CheckReport,
  DagAtRisk,
  DelegationOfDag,
  NewAccount,
  PeoplePage,
  Preset,
  PresetList,
  RoleList,
  UsageCount,
} from "./types";

export const overviewQuery = (search: string, offset: number) =>
  queryOptions({
    queryKey: ["admin", "accounts", search, offset],
    queryFn: () => get<AccountOverviews>(`admin/accounts?${parameters({ search, offset })}`),
    placeholderData: keepPreviousData,
  });

/** Some of what there is. */
export interface Page<T> {
  rows: T[];
  total: number;
}

export const dagsAtRiskQuery = (acknowledged: boolean, offset: number) =>
  queryOptions({
    queryKey: ["admin", "dags-at-risk", acknowledged, offset],
    queryFn: async (): Promise<Page<DagAtRisk>> => {
      const asked = parameters({ acknowledged: String(acknowledged), limit: PAGE_SIZE, offset });
      const { dags, total } = await get<{ dags: DagAtRisk[]; total: number }>(`admin/dags-at-risk?${asked}`);
      return { rows: dags, total };
    },
    placeholderData: keepPreviousData,
  });

export const usageCountsQuery = (limit: number, offset: number) =>
  queryOptions({
    queryKey: ["admin", "uses", limit, offset],
    queryFn: () => get<UsageCount[]>(`admin/uses?limit=${limit}&offset=${offset}`),
    placeholderData: keepPreviousData,
  });

export const allDelegationsQuery = (offset: number) =>
  queryOptions({
    queryKey: ["admin", "delegations", offset],
    queryFn: async (): Promise<Page<DelegationOfDag>> => {
      const asked = parameters({ limit: PAGE_SIZE, offset });
      const { delegations, total } = await get<{ delegations: DelegationOfDag[]; total: number }>(
        `admin/delegations?${asked}`,
      );
      return { rows: delegations, total };
    },
    placeholderData: keepPreviousData,
  });

export const rolesQuery = queryOptions({
  queryKey: ["admin", "roles"],
  queryFn: () => get<RoleList>("admin/roles"),
});

export const grantRole = (role: string): Promise<unknown> => call("POST", "admin/roles", { role });

export const peopleQuery = (connId: string, search: string, offset: number) =>
  queryOptions({
    queryKey: ["admin", "people", connId, search, offset],
    queryFn: () => get<PeoplePage>(`admin/accounts/${segment(connId)}/sign-ins?${parameters({ search, offset })}`),
    placeholderData: keepPreviousData,
  });

export const signSomebodyOut = (connId: string, id: number): Promise<unknown> =>
  call("DELETE", `admin/accounts/${segment(connId)}/sign-ins/${id}`);

export const signEverybodyOut = (connId: string): Promise<unknown> =>
  call("DELETE", `admin/accounts/${segment(connId)}/sign-ins`);

export const checkAccount = (connId: string): Promise<CheckReport> =>
  call("POST", `admin/accounts/${segment(connId)}/check`, {});

export const presetsQuery = queryOptions({
  queryKey: ["presets"],
  queryFn: () => get<PresetList>("presets"),
  staleTime: 600_000,
  refetchInterval: false,
});

export const presetQuery = (service: string) =>
  queryOptions({
    queryKey: ["presets", service],
    queryFn: () => get<Preset>(`presets/${segment(service)}`),
    staleTime: 600_000,
    refetchInterval: false,
  });

export const formQuery = (connId: string) =>
  queryOptions({
    queryKey: ["form", connId],
    queryFn: () => get<AccountForm>(`admin/accounts/${segment(connId)}/form`),
    gcTime: 0,
  });

export const createAccount = (account: NewAccount): Promise<unknown> => call("POST", "admin/accounts", account);

export const changeAccount = (connId: string, account: ChangedAccount): Promise<unknown> =>
  call("PATCH", `admin/accounts/${segment(connId)}`, account);

export const deleteAccount = (connId: string): Promise<unknown> => call("DELETE", `admin/accounts/${segment(connId)}`);
