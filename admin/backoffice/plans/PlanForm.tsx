import { Dialog } from '@mui/material';
import { useState } from 'react';
import {
  BooleanInput,
  Create,
  DeleteButton,
  type HttpError,
  NumberInput,
  SaveButton,
  SelectInput,
  SimpleForm,
  TextArrayInput,
  TextInput,
  Toolbar,
  useDataProvider,
  useNotify,
  useRecordContext,
  useSaveContext,
} from 'react-admin';
import type { FieldValues } from 'react-hook-form';
import type { Api } from '../api';
import { AskForm } from '../parts/ask';
import { EditPage } from '../parts/edit-page';
import { PricesInput } from './PricesInput';
import { type Foreseen, kindChoices, type PlanRecord, touchesTenants } from './plan';
import { WhatIf } from './WhatIf';

interface Asked {
  values: FieldValues;
  foreseen: Foreseen;
}

/** Saves, or tells why not. */
type Save = (values: FieldValues) => Promise<object | undefined>;

function Confirm({ asked: { values, foreseen }, save, close }: { asked: Asked; save: Save; close: () => void }) {
  const { confirm } = foreseen;
  return (
    <AskForm
      title="Tenants change by this"
      explain="This is decided by what Stripe last told. Once it is saved, they change within a minute."
      label="Save and change them"
      color={confirm ? 'error' : 'primary'}
      typed={confirm ?? undefined}
      back="Back to the form"
      submit={async () => {
        const faults = await save({ ...values, ...(confirm ? { confirm } : {}) });
        if (faults) throw new Error(Object.values(faults).join(' '));
      }}
      close={close}
    >
      <WhatIf of={foreseen} />
    </AskForm>
  );
}

/** A form of a plan that says, before it saves, which tenants change by it. */
function ForeseeingForm({ children, toolbar }: { children: React.ReactNode; toolbar?: React.ReactElement }) {
  const record = useRecordContext<PlanRecord>();
  const api = useDataProvider<Api>();
  const notify = useNotify();
  const context = useSaveContext();
  const [asked, setAsked] = useState<Asked>();
  const save: Save = async (values) => (await context.save?.(values)) as object | undefined;
  const submit = async (values: FieldValues) => {
    try {
      const foreseen = await api.foreseePlan(record?.id, values);
      if (!touchesTenants(foreseen)) return await save(values);
      setAsked({ values, foreseen });
    } catch (error) {
      const { body, message } = error as HttpError;
      if (Object.keys(body?.errors ?? {}).length > 0) return body.errors;
      notify(message, { type: 'error' });
    }
    return undefined;
  };
  return (
    <>
      <SimpleForm sx={{ maxWidth: 640 }} onSubmit={submit} {...(toolbar ? { toolbar } : {})}>
        {children}
      </SimpleForm>
      <Dialog open={Boolean(asked)} onClose={() => setAsked(undefined)} fullWidth maxWidth="md">
        {asked && <Confirm asked={asked} save={save} close={() => setAsked(undefined)} />}
      </Dialog>
    </>
  );
}

const Fields = () => (
  <>
    <TextInput source="name" required />
    <TextInput source="description" multiline fullWidth />
    <SelectInput source="kind" choices={kindChoices} isRequired />
    <NumberInput source="rank" isRequired helperText="Higher is better; the best-ranked plan wins" />
    <PricesInput source="stripePriceIds" />
    <TextInput
      source="stripeLookupKey"
      label="Stripe lookup key"
      sx={{ mb: 1 }}
      helperText="Whatever price bears this key in Stripe earns the plan, too"
    />
    <TextInput source="priceText" label="Price, as people read it" />
    <TextArrayInput source="features" fullWidth helperText="One at a time, Enter after each" />
    <NumberInput source="limits.seats" label="Seats" sx={{ mt: 1 }} helperText="Empty means unlimited" />
    <BooleanInput source="seatsFromQuantity" label="The subscription's quantity is the seat limit" />
    <NumberInput source="trialDays" label="Trial, in days" />
  </>
);

export const PlanCreate = () => (
  <Create redirect="show">
    <ForeseeingForm>
      <TextInput source="id" label="Id" required helperText="A short word such as starter; it never changes" />
      <Fields />
      <BooleanInput source="isDefault" label="Default: every new tenant starts on it" />
    </ForeseeingForm>
  </Create>
);

/** There is one default at all times: it is moved by making another the default, never taken away. */
function DefaultInput() {
  const plan = useRecordContext<PlanRecord>();
  return (
    <BooleanInput
      source="isDefault"
      label="Default: every new tenant starts on it"
      disabled={plan?.isDefault === true}
      helperText={plan?.isDefault ? 'To change it, make another plan the default.' : false}
    />
  );
}

export const PlanEdit = () => (
  <EditPage redirect="show">
    <ForeseeingForm
      toolbar={
        <Toolbar sx={{ justifyContent: 'space-between' }}>
          <SaveButton />
          <DeleteButton
            mutationMode="pessimistic"
            confirmContent="Only a plan that nobody is or was on can be deleted; retire it else."
          />
        </Toolbar>
      }
    >
      <Fields />
      <DefaultInput />
    </ForeseeingForm>
  </EditPage>
);
