import { Box, Typography } from '@mui/material';
import {
  BooleanInput,
  Create,
  FormDataConsumer,
  ReferenceInput,
  required,
  SaveButton,
  SelectInput,
  SimpleForm,
  TextInput,
  Toolbar,
} from 'react-admin';
import type { Asked } from '../api';
import { TenantInput } from '../memberships';
import { MomentInput } from '../parts/moment-input';
import { usePreview, WhatFollows } from '../parts/previewed-act';
import { wasTold } from './ChangeOverride';
import { EndsAtInput } from './EndsAtInput';

interface Filled {
  tenantId?: string;
  planId?: string;
  pin?: boolean;
  startsAt?: string | null;
  endsAt?: string | null;
}

/** What the form says by now, as a question; null while something is missing. */
function askedOf({ planId, pin = false, startsAt, endsAt }: Filled): Asked | null {
  if (!planId || !endsAt) return null;
  return { action: 'grant-override', planId, pin, endsAt, ...(startsAt ? { startsAt } : {}) };
}

/** Grants only once what follows was shown, or can't be told. */
function Grant({ filled }: { filled: Filled }) {
  const asked = filled.tenantId ? askedOf(filled) : null;
  const previewing = usePreview(filled.tenantId, asked);
  // Without a question there is something missing, which the form tells of itself.
  return <SaveButton label="Grant" disabled={asked !== null && !wasTold(previewing)} />;
}

function Follows({ filled }: { filled: Filled }) {
  const previewing = usePreview(filled.tenantId, filled.tenantId ? askedOf(filled) : null);
  return <WhatFollows of={previewing} first="Choose a tenant, a plan and an end to see what follows." />;
}

const GrantBar = () => (
  <Toolbar>
    <FormDataConsumer>{({ formData }) => <Grant filled={formData} />}</FormDataConsumer>
  </Toolbar>
);

const atLeast3 = (value?: string) => ((value ?? '').trim().length < 3 ? 'Say why, in a few words.' : undefined);

/** Grants a plan for a while; beside the fields stands what that leads to, now and when it ends. */
export const GrantOverride = () => (
  <Create title="Grant a plan" redirect={(_resource, _id, data) => `tenants/${data?.tenantId}/show`}>
    <SimpleForm toolbar={<GrantBar />}>
      <Box
        sx={{
          width: '100%',
          display: 'grid',
          gap: { xs: 2, md: 4 },
          gridTemplateColumns: { xs: '1fr', md: 'minmax(0, 5fr) minmax(0, 6fr)' },
          alignItems: 'start',
        }}
      >
        <Box sx={{ display: 'grid', gap: 1 }}>
          <TenantInput />
          <ReferenceInput
            source="planId"
            reference="plans"
            filter={{ active: true }}
            sort={{ field: 'rank', order: 'ASC' }}
          >
            <SelectInput label="Plan" optionText="name" validate={required('Choose a plan.')} fullWidth />
          </ReferenceInput>
          <BooleanInput
            source="pin"
            label="Pinned"
            sx={{ mb: 1.5 }}
            helperText="Off: at least this plan. On: exactly this plan, even where a better one is paid for."
          />
          <MomentInput source="startsAt" label="From" helperText="Leave it empty to begin at once." fullWidth />
          <FormDataConsumer>{({ formData }) => <EndsAtInput from={formData.startsAt} />}</FormDataConsumer>
          <TextInput
            source="reason"
            validate={atLeast3}
            isRequired
            multiline
            minRows={2}
            fullWidth
            helperText="Stands in the audit trail and the plan history."
          />
        </Box>
        <Box sx={{ display: 'grid', gap: 1 }}>
          <Typography variant="h6" component="h2">
            What follows
          </Typography>
          <FormDataConsumer>{({ formData }) => <Follows filled={formData} />}</FormDataConsumer>
        </Box>
      </Box>
    </SimpleForm>
  </Create>
);
