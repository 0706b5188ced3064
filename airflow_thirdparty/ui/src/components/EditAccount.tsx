import { Stack, Text } from "@chakra-ui/react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { changeAccount, deleteAccount, formQuery } from "../api/administration";
import { refetchAll } from "../api/queries";
import type { AccountForm, AccountOverview } from "../api/types";
import { lossMessages } from "../messages/registry";
import { nameOf } from "../messages/status";
import { problemFrom } from "../signin/useSignIn";
import { t } from "../words/words";
import { CopyField, FormField } from "./AccountFields";
import { Button } from "./Button";
import { Callout, ProblemCallout } from "./Callout";
import { Confirm } from "./Confirm";
import { announce } from "./LiveRegion";
import { Panel } from "./Panel";
import { QueryPart } from "./Table";

interface Props {
  form: AccountForm;
  onDone: () => void;
}

/** The question before an account goes: who loses what. */
const Delete = ({ form, onDone }: Props) => {
  const [asking, setAsking] = useState(false);
  const remove = useMutation({
    mutationFn: () => deleteAccount(form.conn_id),
    onSuccess: async () => {
      await refetchAll();
      announce(t("edit.deleted", { id: form.conn_id }));
      onDone();
    },
  });
  return (
    <>
      <Button
        onClick={() => {
          remove.reset();
          setAsking(true);
        }}
      >
        {t("edit.delete.open")}
      </Button>
      <Confirm
        open={asking}
        danger
        busy={remove.isPending}
        title={t("edit.delete.title", { id: form.conn_id })}
        action={t("edit.delete")}
        onConfirm={() => {
          remove.mutate();
        }}
        onCancel={() => {
          setAsking(false);
        }}
      >
        <Stack gap={2}>
          {lossMessages(form.losses).map((line) => (
            <Text key={line}>{line}</Text>
          ))}
          {remove.error ? <ProblemCallout problem={problemFrom(remove.error)} /> : null}
        </Stack>
      </Confirm>
    </>
  );
};

const Form = ({ form, onDone }: Props) => {
  const [own, setOwn] = useState({
    description: form.description ?? "",
    login: form.login ?? "",
    host: form.host ?? "",
    secret: "",
  });
  const [extra, setExtra] = useState<Record<string, string>>(() =>
    Object.fromEntries(form.fields.map(({ name, value }) => [name, value])),
  );
  const save = useMutation({
    mutationFn: () => changeAccount(form.conn_id, { ...own, extra }),
    onSuccess: async () => {
      await refetchAll();
      announce(t("edit.saved"));
      onDone();
    },
  });
  const problem = save.error ? problemFrom(save.error) : null;
  const set = (name: keyof typeof own) => (value: string) => {
    setOwn({ ...own, [name]: value });
  };
  if (form.kept_elsewhere) {
    return <Callout tone="info">{t("edit.kept_elsewhere")}</Callout>;
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack gap={4}>
        {problem && !problem.field ? <ProblemCallout problem={problem} /> : null}
        <CopyField label={t("form.redirect_uri")} value={form.redirect_uri} />
        <FormField name="description" label={t("form.description")} value={own.description} problem={problem} onChange={set("description")} />
        <FormField name="login" label={t("form.login")} value={own.login} problem={problem} onChange={set("login")} />
        <FormField
          name="password"
          label={t("form.password")}
          hint={t(form.has_secret ? "form.password.stored" : "form.password.none")}
          secret
          value={own.secret}
          problem={problem}
          onChange={set("secret")}
        />
        <FormField name="host" label={t("form.host")} value={own.host} problem={problem} onChange={set("host")} />
        {form.fields.map(({ name, label, description, choices }) => (
          <FormField
            key={name}
            name={name}
            label={label}
            hint={description}
            choices={choices.length > 20 ? [] : choices}
            value={extra[name] ?? ""}
            problem={problem}
            onChange={(value) => {
              setExtra({ ...extra, [name]: value });
            }}
          />
        ))}
        <Stack direction="row" gap={2} flexWrap="wrap">
          <Button tone="main" type="submit" loading={save.isPending}>
            {t("button.save")}
          </Button>
          <Delete form={form} onDone={onDone} />
        </Stack>
      </Stack>
    </form>
  );
};

const Loaded = ({ connId, onDone }: { connId: string; onDone: () => void }) => (
  // Asked once: what is typed is not overwritten by what the server says meanwhile.
  <QueryPart query={useQuery({ ...formQuery(connId), staleTime: 0, refetchInterval: false, refetchOnWindowFocus: false })}>
    {(form) => <Form form={form} onDone={onDone} />}
  </QueryPart>
);

/** Every field that an account may have, and the way to delete it. */
export const EditAccount = ({ account }: { account: AccountOverview }) => {
  const [open, setOpen] = useState(false);
  const close = () => {
    setOpen(false);
  };
  return (
    <>
      <Button
        size="xs"
        aria-label={t("sign_in.label", { action: t("edit.open"), name: nameOf(account), id: account.conn_id })}
        onClick={() => {
          setOpen(true);
        }}
      >
        {t("edit.open")}
      </Button>
      <Panel open={open} title={t("edit.title", { id: account.conn_id })} onClose={close}>
        <Loaded connId={account.conn_id} onDone={close} />
      </Panel>
    </>
  );
};
