import { Box, Checkbox, chakra, Field, Flex, Input, NativeSelect, Stack, Text, Textarea } from "@chakra-ui/react";
import { type ReactNode, useState } from "react";

import type { Problem } from "../api/types";
import { told } from "../messages/problems";
import { t } from "../words/words";
import { Button } from "./Button";

interface FieldProps {
  name: string;
  label: string;
  hint?: ReactNode;
  value: string;
  problem?: Problem | null;
  required?: boolean;
  secret?: boolean;
  long?: boolean;
  placeholder?: string;
  choices?: readonly string[];
  /** Why the value cannot be, while it is typed. */
  complaint?: string | null;
  onChange: (value: string) => void;
}

const DARK = { _dark: { borderColor: "gray.600" } } as const;

/** One field of an account's form, with what is wrong with it below it. */
export const FormField = (props: FieldProps) => {
  const { name, label, hint, value, problem = null, required = false, secret = false, long = false, choices = [], onChange } = props;
  const refused = problem?.field === name ? problem : null;
  const why = refused && told(refused);
  const complaint = props.complaint ?? (why && `${why.detail ?? why.message} ${why.remedy}`);
  const shared = {
    name,
    value,
    autoComplete: "off",
    dir: "auto" as const,
    ...(props.placeholder ? { placeholder: props.placeholder } : {}),
    ...DARK,
  };
  return (
    <Field.Root required={required} invalid={complaint !== null} data-field={name}>
      <Field.Label>
        {label}
        {required ? <Field.RequiredIndicator /> : null}
      </Field.Label>
      {choices.length > 0 ? (
        <NativeSelect.Root size="sm">
          <NativeSelect.Field
            name={name}
            value={value}
            onChange={(event) => {
              onChange(event.target.value);
            }}
            {...DARK}
          >
            <option value="">{t("form.default")}</option>
            {choices.map((choice) => (
              <option key={choice} value={choice}>
                {choice}
              </option>
            ))}
          </NativeSelect.Field>
          <NativeSelect.Indicator />
        </NativeSelect.Root>
      ) : long ? (
        <Textarea
          size="sm"
          rows={2}
          {...shared}
          onChange={(event) => {
            onChange(event.target.value);
          }}
        />
      ) : (
        <Input
          size="sm"
          type={secret ? "password" : "text"}
          {...shared}
          onChange={(event) => {
            onChange(event.target.value);
          }}
        />
      )}
      {complaint === null ? null : <Field.ErrorText>{complaint}</Field.ErrorText>}
      {hint ? <Field.HelperText>{hint}</Field.HelperText> : null}
    </Field.Root>
  );
};

/** An address to take elsewhere. */
export const CopyField = ({ label, value, hint }: { label: string; value: string; hint?: ReactNode }) => {
  const [copied, setCopied] = useState(false);
  return (
    <Stack gap={1}>
      <Text fontSize="sm" fontWeight="medium" color="fg">
        {label}
      </Text>
      <Flex gap={2} align="center" flexWrap="wrap">
        <chakra.code fontSize="xs" color="fg" overflowWrap="anywhere" dir="ltr" data-testid="redirect-uri">
          {value}
        </chakra.code>
        <Button
          size="xs"
          onClick={() => {
            navigator.clipboard.writeText(value).then(
              () => {
                setCopied(true);
              },
              () => undefined, // some browsers forbid it; the text can be marked
            );
          }}
        >
          {t(copied ? "form.copied" : "form.copy")}
        </Button>
      </Flex>
      {hint ? (
        <Text fontSize="xs" color="fg.muted">
          {hint}
        </Text>
      ) : null}
    </Stack>
  );
};

interface TicksProps {
  sets: Record<string, { label: string }>;
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
}

/** Further scopes by what they are for. */
export const ScopeSets = ({ sets, chosen, onChange }: TicksProps) =>
  Object.keys(sets).length === 0 ? null : (
    <Box as="fieldset" border="none" m={0} p={0}>
      <Text as="legend" fontSize="sm" fontWeight="medium" color="fg" mb={2}>
        {t("form.scope_sets")}
      </Text>
      <Stack gap={2}>
        {Object.entries(sets).map(([name, { label }]) => (
          <Checkbox.Root
            key={name}
            size="sm"
            colorPalette="brand"
            checked={chosen.includes(name)}
            onCheckedChange={({ checked }) => {
              onChange(checked === true ? [...chosen, name] : chosen.filter((other) => other !== name));
            }}
          >
            <Checkbox.HiddenInput />
            <Checkbox.Control />
            <Checkbox.Label fontWeight="normal" color="fg">
              {label}
            </Checkbox.Label>
          </Checkbox.Root>
        ))}
      </Stack>
    </Box>
  );
