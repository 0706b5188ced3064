import { Link, Stack, Text } from "@chakra-ui/react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { checkAccount, createAccount, presetQuery, presetsQuery } from "../api/administration";
import { refetchAll } from "../api/queries";
import type { CheckReport, Preset } from "../api/types";
import { complaintOf, type Draft, draftOf, NEEDED_LABELS, requestOf } from "../messages/registry";
import { problemFrom } from "../signin/useSignIn";
import { t } from "../words/words";
import { CopyField, FormField, ScopeSets } from "./AccountFields";
import { Button } from "./Button";
import { ProblemCallout } from "./Callout";
import { Findings } from "./CheckAccount";
import { Panel } from "./Panel";
import { ServiceGallery } from "./ServiceGallery";
import { QueryPart } from "./Table";

interface FormProps {
  preset: Preset;
  callback: string;
  onDone: (connId: string) => void;
}

const Form = ({ preset, callback, onDone }: FormProps) => {
  const [draft, setDraft] = useState<Draft>(() => draftOf(preset));
  const create = useMutation({
    mutationFn: () => createAccount(requestOf(preset, draft)),
    onSuccess: async () => {
      await refetchAll();
      onDone(draft.conn_id);
    },
  });
  const problem = create.error ? problemFrom(create.error) : null;
  const change = (part: Partial<Draft>) => {
    setDraft({ ...draft, ...part });
  };
  const extra = (name: string) => (value: string) => {
    change({ extra: { ...draft.extra, [name]: value } });
  };
  return (
    <form
      id="add-account"
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate();
      }}
    >
      <Stack gap={4}>
        {problem && !problem.field ? <ProblemCallout problem={problem} /> : null}
        <FormField
          name="conn_id"
          label={t("form.id")}
          hint={t("form.id.hint")}
          required
          value={draft.conn_id}
          problem={problem}
          onChange={(conn_id) => {
            change({ conn_id });
          }}
        />
        {preset.kind === "oauth2" ? (
          <CopyField
            label={t("form.redirect_uri")}
            value={`${callback}${encodeURIComponent(draft.conn_id)}`}
            hint={preset.redirect_uris ?? t("form.redirect_uri.hint")}
          />
        ) : null}
        {preset.register_url ? (
          <Link href={preset.register_url} target="_blank" rel="noreferrer" color="fg.info" fontSize="sm" w="fit-content">
            {t("form.register", { name: preset.name })}
          </Link>
        ) : null}
        {preset.hints.map((hint) => (
          <Text key={hint} fontSize="sm" dir="auto">
            {hint}
          </Text>
        ))}
        {Object.entries(preset.tenant).map(([name, field]) => (
          <FormField
            key={name}
            name={name}
            label={field.label}
            required={field.default === ""}
            placeholder={field.default || field.example}
            value={draft.extra[name] ?? ""}
            complaint={complaintOf(field, draft.extra[name] ?? "")}
            problem={problem}
            onChange={extra(name)}
          />
        ))}
        {preset.needs.map((name) => (
          <FormField
            key={name}
            name={name}
            label={t(NEEDED_LABELS[name] ?? "form.host")}
            required={name !== "userinfo_url" && name !== "host"}
            placeholder="https://"
            value={name === "host" ? draft.host : (draft.extra[name] ?? "")}
            problem={problem}
            onChange={
              name === "host"
                ? (host) => {
                    change({ host });
                  }
                : extra(name)
            }
          />
        ))}
        {preset.kind === "oauth2" ? (
          <>
            <FormField
              name="login"
              label={t("form.login")}
              required
              value={draft.login}
              problem={problem}
              onChange={(login) => {
                change({ login });
              }}
            />
            {preset.public ? null : (
              <FormField
                name="password"
                label={t("form.password")}
                hint={t("form.password.hint")}
                required
                secret
                value={draft.secret}
                problem={problem}
                onChange={(secret) => {
                  change({ secret });
                }}
              />
            )}
            <ScopeSets
              sets={preset.scope_sets}
              chosen={draft.scope_sets}
              onChange={(scope_sets) => {
                change({ scope_sets });
              }}
            />
          </>
        ) : (
          <Text fontSize="sm">{t("form.own_credentials")}</Text>
        )}
        <Button tone="main" type="submit" w="fit-content" loading={create.isPending}>
          {t("add.save")}
        </Button>
      </Stack>
    </form>
  );
};

const Chosen = ({ service, callback, onDone }: { service: string; callback: string; onDone: (connId: string) => void }) => (
  <QueryPart query={useQuery(presetQuery(service))}>
    {(preset) => <Form key={preset.id} preset={preset} callback={callback} onDone={onDone} />}
  </QueryPart>
);

/** From the gallery to an account that has been checked. */
export const AddAccount = () => {
  const [open, setOpen] = useState(false);
  const [service, setService] = useState<string | null>(null);
  const [report, setReport] = useState<CheckReport | null>(null);
  const presets = useQuery({ ...presetsQuery, enabled: open });
  const check = useMutation({
    mutationFn: checkAccount,
    onSuccess: async (found: CheckReport) => {
      setReport(found);
      await refetchAll();
    },
  });
  const name = presets.data?.presets.find(({ id }) => id === service)?.name;
  const start = () => {
    setService(null);
    setReport(null);
    check.reset();
    setOpen(true);
  };
  const checking = check.isPending || report !== null || check.error !== null;
  return (
    <>
      <Button tone="main" w="fit-content" onClick={start}>
        {t("add.open")}
      </Button>
      <Panel
        open={open}
        title={name === undefined ? t("add.title") : t("add.title_of", { name })}
        busy={check.isPending ? t("check.under_way") : null}
        actions={
          service !== null && !checking ? (
            <Button
              tone="quiet"
              onClick={() => {
                setService(null);
              }}
            >
              {t("add.back")}
            </Button>
          ) : null
        }
        onClose={() => {
          setOpen(false);
        }}
      >
        {check.error ? <ProblemCallout problem={problemFrom(check.error)} /> : null}
        {report ? <Findings report={report} /> : null}
        {checking ? null : (
          <QueryPart query={presets}>
            {({ presets: all, callback }) =>
              service === null ? (
                <ServiceGallery presets={all} onChoose={setService} />
              ) : (
                <Chosen service={service} callback={callback} onDone={check.mutate} />
              )
            }
          </QueryPart>
        )}
      </Panel>
    </>
  );
};
