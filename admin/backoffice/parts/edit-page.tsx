import { Alert, Button } from '@mui/material';
import { Edit, type EditProps, type HttpError, useCloseNotification, useNotify, useRefresh } from 'react-admin';

/** Somebody else was faster: what that means, and the way on. */
function Stale() {
  const refresh = useRefresh();
  const close = useCloseNotification();
  const load = () => {
    refresh();
    close();
  };
  return (
    <Alert
      severity="warning"
      variant="filled"
      action={
        <Button color="inherit" size="small" sx={{ whiteSpace: 'nowrap' }} onClick={load}>
          Load the newest
        </Button>
      }
    >
      Somebody else changed this meanwhile, so yours is not saved.
    </Alert>
  );
}

/** A form page as all of ours are: saved when the server says so, with a way on where somebody else was faster. */
export function EditPage(props: EditProps) {
  const notify = useNotify();
  const onError = (error: unknown) => {
    const { status, message, body } = error as HttpError;
    if (status === 409 && body?.current) notify(<Stale />, { autoHideDuration: 30_000 });
    else if (Object.keys(body?.errors ?? {}).length === 0) notify(message, { type: 'error' });
  };
  return <Edit mutationMode="pessimistic" mutationOptions={{ onError }} {...props} />;
}
