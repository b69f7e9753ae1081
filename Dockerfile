# One image for web, worker, beat and the commands. It holds no key: all of them come from the environment at start.
FROM python:3.13-slim AS base
ENV PYTHONUNBUFFERED=1
WORKDIR /app

FROM base AS bibliotheques
COPY requirements.txt .
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt

FROM base AS image
ENV PATH=/opt/venv/bin:$PATH \
    STATIC_ROOT=/app/staticfiles \
    ESPACEPRO_ETAT=/var/lib/espacepro
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/espacepro portail \
    && install -d -m 700 -o portail -g portail /var/lib/espacepro/pieces /var/lib/espacepro/attestations
COPY --from=bibliotheques /opt/venv /opt/venv
COPY . .
# Settings refuse to load without their keys: throw-away ones, for this one command.
RUN python -m compileall -q . \
    && cle() { python -c 'import base64, secrets; print(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())'; } \
    && SECRET_KEY="$(cle)" POIVRE="$(cle)" CLE_CODES="$(cle)" CLE_CHIFFREMENT="$(cle)" CLE_JOURNAL="$(cle)" \
       ALLOWED_HOSTS=image SITE_URL=https://image DATABASE_URL=postgres://image/image EMAIL_URL=smtp://image \
       REDIS_URL=redis://image CELERY_BROKER_URL=redis://image \
       python manage.py collectstatic --no-input
USER portail
EXPOSE 8000
CMD ["gunicorn", "-c", "python:espacepro.serveur", "--bind", "0.0.0.0:8000", "espacepro.wsgi:application"]
